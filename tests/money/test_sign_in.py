"""Sign-in by password: tries are counted, guessing ends, the owner is never shut out for ever."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection

from money.actions.passwords import BadPassword, change_own_password
from money.actions.sign_in import (
    MOST_OF_ADDRESS,
    MOST_OF_BROWSER,
    MOST_OF_NAME,
    WINDOW,
    Door,
    NotSignedIn,
    TooManyTries,
    WrongNameOrPassword,
    sign_in,
)
from money.models import Business, Pin, Role, SignInTry, StaffEvent, User
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
STRANGER, OWN = Door("203.0.113.7"), Door("203.0.113.7", "a-browser")


@pytest.fixture
def baraka(duka: Business) -> User:
    return make.with_a_pin("baraka", "2580")


def wrong(times: int, door: Door = STRANGER, name: str = "baraka", at: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(WrongNameOrPassword):
            sign_in(username=name, password="wrong", door=door, at=at)


def right(door: Door = STRANGER, name: str = "baraka", at: datetime = NOW) -> User:
    return sign_in(username=name, password="karibu", door=door, at=at)


def test_the_right_password_opens_and_leaves_nothing(baraka: User) -> None:
    Pin.objects.update(wrong_tries=3)

    assert right() == baraka

    assert not SignInTry.objects.exists()
    assert Pin.objects.get().wrong_tries == 0


def test_a_name_has_so_many_wrong_tries_whatever_their_address(baraka: User) -> None:
    for number in range(MOST_OF_NAME):
        wrong(1, Door(f"203.0.113.{number}"))

    with pytest.raises(TooManyTries, match="Wait 15 minutes"):
        right(Door("198.51.100.1"))
    with pytest.raises(TooManyTries):
        right(name="BARAKA")


def test_after_the_window_the_door_opens_by_itself(baraka: User) -> None:
    wrong(MOST_OF_NAME)
    for minutes in range(1, 15):  # tries at a closed door keep nothing closed
        with pytest.raises(TooManyTries):
            right(at=NOW + timedelta(minutes=minutes))

    assert right(at=NOW + WINDOW) == baraka


def test_a_stranger_shuts_nobody_out_of_a_browser_of_their_own(baraka: User) -> None:
    wrong(MOST_OF_NAME)
    with pytest.raises(TooManyTries):
        right()

    assert right(OWN) == baraka


def test_a_known_browser_has_its_tries_too(baraka: User) -> None:
    wrong(MOST_OF_BROWSER, OWN)
    with pytest.raises(TooManyTries, match="ask the owner"):
        right(OWN)

    assert right(Door("203.0.113.7", "another-browser")) == baraka
    assert right() == baraka


def test_the_right_password_forgets_the_wrong_ones_of_its_browser(baraka: User) -> None:
    for _ in range(3):
        wrong(MOST_OF_BROWSER - 1, OWN)
        assert right(OWN) == baraka


def test_an_address_has_so_many_wrong_tries_of_whatever_names(baraka: User) -> None:
    for number in range(MOST_OF_ADDRESS):
        wrong(1, name=f"guess{number}")

    with pytest.raises(TooManyTries):
        right()
    assert right(Door("198.51.100.1")) == baraka
    assert right(OWN) == baraka


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", "shut"),
        ("2001:db8::1", "2001:db8:0:1::1", "open"),
        ("::ffff:203.0.113.7", "203.0.113.7", "shut"),
        ("203.0.113.7", "203.0.113.8", "open"),
        ("", "", "shut"),
        ("nonsense", "nonsense", "shut"),
    ],
)
def test_what_counts_as_one_address(baraka: User, first: str, second: str, found: str) -> None:
    for number in range(MOST_OF_ADDRESS):
        wrong(1, Door(first), name=f"guess{number}")

    if found == "shut":
        with pytest.raises(TooManyTries):
            right(Door(second))
    else:
        assert right(Door(second)) == baraka


def test_a_name_that_is_nobodys_answers_as_a_wrong_password_does(baraka: User) -> None:
    said = []
    for name in ("baraka", "nobody"):
        for _ in range(MOST_OF_NAME + 1):
            with pytest.raises(NotSignedIn) as caught:
                sign_in(username=name, password="wrong", door=Door(name), at=NOW)
            said.append(str(caught.value))

    assert said[: MOST_OF_NAME + 1] == said[MOST_OF_NAME + 1 :]
    assert len(set(said)) == 2


def test_nothing_typed_is_kept(baraka: User) -> None:
    wrong(1, name="my-own-password")

    assert "my-own-password" not in str(list(SignInTry.objects.values()))
    assert "203.0.113.7" not in str(list(SignInTry.objects.values()))


def test_old_tries_go_with_the_next(baraka: User) -> None:
    wrong(3, name="somebody")
    wrong(1, at=NOW + WINDOW)

    assert set(SignInTry.objects.values_list("at", flat=True)) == {NOW + WINDOW}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has one writer.")
@pytest.mark.django_db(transaction=True)
def test_tries_side_by_side_are_no_more_than_allowed() -> None:
    make.a_business()
    make.with_a_pin("baraka", "")
    looked, start = [], threading.Barrier(2 * MOST_OF_NAME)

    def guess() -> None:
        start.wait()
        try:
            sign_in(username="baraka", password="wrong", door=STRANGER, at=NOW)
        except WrongNameOrPassword:
            looked.append(1)
        except TooManyTries:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(2 * MOST_OF_NAME)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked) <= MOST_OF_NAME
    assert SignInTry.objects.count() == 2 * len(looked)


# One's own password


def change(user: User, old: str = "karibu", new: str = "soko-la-mji", door: Door = OWN) -> None:
    change_own_password(user=user, old=old, new=new, door=door, at=NOW)


def test_the_own_password_is_changed_with_a_trace_where_one_works(baraka: User) -> None:
    make.a_business(slug="maji")
    make.a_user("baraka", maji=Role.RIDER)
    User.objects.update(must_change_password=True)
    baraka.refresh_from_db()
    before = baraka.get_session_auth_hash()

    change(baraka)

    after = User.objects.get(pk=baraka.pk)
    assert after.check_password("soko-la-mji")
    assert not after.must_change_password
    assert after.get_session_auth_hash() != before
    events = StaffEvent.objects.order_by("pk")
    assert list(events.values_list("business__slug", "change", "person", "by", "detail")) == [
        ("duka", "password_changed", baraka.pk, baraka.pk, ""),
        ("maji", "password_changed", baraka.pk, baraka.pk, ""),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", "soko-la-mji", "Your password is as it was"),
        ("karibu", "karibu", "Choose another one"),
        ("karibu", "short", "too short"),
        ("karibu", "password", "too common"),
    ],
)
def test_a_password_that_will_not_do(baraka: User, old: str, new: str, words: str) -> None:
    with pytest.raises(BadPassword, match=words):
        change(baraka, old, new)

    assert User.objects.get(pk=baraka.pk).check_password("karibu")
    assert not StaffEvent.objects.exists()


def test_guessing_the_own_password_at_an_open_screen_ends_too(baraka: User) -> None:
    for _ in range(MOST_OF_BROWSER):
        with pytest.raises(BadPassword):
            change(baraka, "wrong")

    with pytest.raises(BadPassword, match="Too many"):
        change(baraka)
