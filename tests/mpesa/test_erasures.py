"""Several people erased at once: each by itself, resumed after a kill, and no phone left behind."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from money.models import User
from mpesa.actions import erasures
from mpesa.actions.erasure import NotAllowed, erase_person
from mpesa.actions.erasures import (
    KEPT_DAYS,
    Stumbled,
    Unfinished,
    ask_for_erasures,
    drop_old_phones,
    erase_all,
)
from mpesa.models import (
    Erasure,
    ErasureItem,
    ErasureRequest,
    ItemState,
    PaymentRequest,
    RequestState,
)
from mpesa.phones import NotPhones, parse_lines
from tests.make import NOW, a_request, a_user, amina, baraka
from tests.mpesa.conftest import Shop
from tests.mpesa.refusals import broken
from tests.mpesa.test_erasure import rows_of_everything

LATER = NOW + timedelta(days=1)
PHONES = ("254700000101", "254700000102", "254110000103")
UNKNOWN = "254799999999"


class Stopped(Exception):
    """What a tick raises where a job was cancelled, or its process told to go."""


def no_tick(done: int, total: int) -> None:
    pass


@pytest.fixture
def owner(shop: Shop) -> User:
    return amina()


@pytest.fixture
def customers(shop: Shop) -> list[PaymentRequest]:
    """Give each of PHONES a request that has ended."""
    rows = []
    for number, phone in enumerate(PHONES):
        sale, token = f"sale:{number}", f"token {number}"
        row = a_request(shop.till, reference=sale, token=token, checkout_request_id="")
        PaymentRequest.objects.filter(pk=row.pk).update(phone=phone, state=RequestState.FAILED)
        rows.append(row)
    return rows


def asked(owner: User, *phones: str, **options: Any) -> ErasureRequest:
    lines = parse_lines("\n".join(phones or PHONES))
    return ask_for_erasures(phones=lines, by=owner, now=NOW, **options)


def run(request: ErasureRequest, tick: erasures.Tick = no_tick) -> erasures.Tally:
    return erase_all(request_id=request.pk, tick=tick, now=LATER)


def phones_left() -> set[str]:
    """Return those of PHONES that stand in any column of any table."""
    texts = [re.sub(r"[^0-9A-Za-z|]", "", text) for _, text in rows_of_everything()]
    return {phone for phone in PHONES if any(phone[3:] in text for text in texts)}


def states() -> list[str]:
    return list(ErasureItem.objects.order_by("line").values_list("state", flat=True))


def test_several_are_erased_each_noted_and_no_phone_is_left(owner, customers) -> None:
    request = asked(owner, *PHONES, UNKNOWN)
    assert not Erasure.objects.exists()
    ticks: list[tuple[int, int]] = []

    tally = run(request, lambda done, total: ticks.append((done, total)))

    assert (tally.erased, tally.unknown, str(tally)) == (3, 1, "3 of 4 erased, 1 unknown.")
    assert ticks == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert phones_left() == set()
    assert Erasure.objects.filter(by=owner, at=LATER, requests=1).count() == 3
    assert set(ErasureItem.objects.values_list("phone", "ended_at")) == {("", LATER)}


def test_again_is_harmless(owner, customers) -> None:
    request = asked(owner)
    first = run(request)

    assert str(run(request)) == str(first)
    assert run(asked(owner)).unknown == 3
    assert Erasure.objects.count() == 3
    assert phones_left() == set()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_that_was_stopped_goes_on_with_those_that_wait(owner, customers, at: int) -> None:
    request = asked(owner)

    def stop(done: int, total: int) -> None:
        if done == at:
            raise Stopped

    with pytest.raises(Stopped):
        run(request, stop)
    assert phones_left() == set(PHONES[at:])
    assert states() == [ItemState.ERASED] * at + [ItemState.WAITING] * (3 - at)

    assert run(request).erased == 3
    assert phones_left() == set()
    assert Erasure.objects.count() == 3


def test_one_that_died_in_the_middle_of_a_person_keeps_all_of_them(
    owner, customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(owner)

    def die(*args: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr("mpesa.actions.erasure._end_items", die)
        with pytest.raises(Stopped):
            run(request)
    assert phones_left() == set(PHONES)
    assert PaymentRequest.objects.filter(phone=PHONES[0]).exists()
    assert not Erasure.objects.exists()

    assert run(request).erased == 3


def test_one_that_cannot_go_yet_holds_up_no_other_and_is_named_by_its_line(
    owner, customers
) -> None:
    PaymentRequest.objects.filter(phone=PHONES[1]).update(state=RequestState.ASKED)
    request = asked(owner)

    with pytest.raises(Unfinished) as refusal:
        run(request)

    assert str(refusal.value) == (
        "2 of 3 erased, 0 unknown. 1 not yet: try again once what stands in the way is settled."
        f" Line 2: Payment request {customers[1].pk} of this phone has not ended. Try again when"
        " it has."
    )
    assert phones_left() == {PHONES[1]}
    PaymentRequest.objects.filter(phone=PHONES[1]).update(state=RequestState.FAILED)
    assert run(request).erased == 3
    assert phones_left() == set()


def test_a_failing_database_says_nothing_of_the_phone(
    owner, customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**options: Any) -> None:
        raise OperationalError(f"Failing row contains ({options['phone']}).")

    request = asked(owner)
    monkeypatch.setattr(erasures, "erase_person", fail)

    with pytest.raises(Stumbled) as error:
        run(request)

    assert str(error.value) == "the database failed with OperationalError"
    assert error.value.__suppress_context__


def test_an_erasure_by_hand_empties_the_phone_that_waits(owner, customers) -> None:
    request = asked(owner)

    erase_person(phone=PHONES[0], by=owner, now=LATER)

    assert states() == [ItemState.ERASED, ItemState.WAITING, ItemState.WAITING]
    assert phones_left() == set(PHONES[1:])
    assert run(request).erased == 3


def test_the_same_asked_twice_is_one_while_it_waits(owner, customers) -> None:
    first = asked(owner)

    assert asked(owner, *reversed(PHONES)) == first
    assert asked(owner, quarantined_too=True) != first
    assert asked(owner, PHONES[0]) != first
    run(first)
    assert asked(owner) != first


def test_what_is_asked_anew_is_kept_anew(owner, customers) -> None:
    first = asked(owner)
    late = NOW + timedelta(days=KEPT_DAYS)
    same = ask_for_erasures(phones=parse_lines("\n".join(PHONES)), by=owner, now=late)

    assert same == first
    assert drop_old_phones(now=late + timedelta(days=1)) == 0
    assert run(first).erased == 3


def test_what_was_never_erased_is_kept_for_some_days_only(owner, customers) -> None:
    request = asked(owner)
    end = NOW + timedelta(days=KEPT_DAYS)
    PaymentRequest.objects.update(phone="")

    assert drop_old_phones(now=end) == 0
    assert drop_old_phones(now=end + timedelta(seconds=1)) == 3

    assert phones_left() == set()
    with pytest.raises(Unfinished, match="3 not within 7 days: ask for them again"):
        run(request)


def test_who_manages_nothing_asks_for_nothing(owner, customers) -> None:
    for person in (baraka(), a_user("dalila", duka="manager"), a_user("chebet")):
        with pytest.raises(NotAllowed):
            asked(person)

    assert not ErasureRequest.objects.exists()


def test_who_was_shut_out_meanwhile_erases_nothing(owner, customers) -> None:
    request = asked(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        run(request)

    User.objects.filter(pk=owner.pk).update(is_active=True)
    owner.memberships.all().delete()
    with pytest.raises(Unfinished, match="Line 1: Only who manages a business"):
        run(request)
    assert phones_left() == set(PHONES)


@pytest.mark.django_db
def test_a_request_that_is_gone_says_so() -> None:
    with pytest.raises(Unfinished, match="no longer kept"):
        erase_all(request_id=9, tick=no_tick, now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"phone": ""},
        {"ended_at": NOW},
        {"state": ItemState.ERASED},
        {"state": ItemState.ERASED, "ended_at": NOW},
        {"state": ItemState.UNKNOWN, "ended_at": NOW},
        {"state": ItemState.DROPPED, "phone": ""},
    ],
)
def test_erasureitem_phone_while_it_waits(owner: User, changes: dict[str, Any]) -> None:
    asked(owner)

    with broken("erasureitem_phone_while_it_waits"):
        ErasureItem.objects.update(**changes)


def test_erasureitem_state_is_known(owner: User) -> None:
    asked(owner)
    triple = {"state": "half", "phone": "", "ended_at": NOW}

    with broken("erasureitem_state_is_known"):
        ErasureItem.objects.update(**triple)


def test_erasureitem_line_once(owner: User) -> None:
    request = asked(owner)

    columns = ("mpesa_erasureitem.request_id", "mpesa_erasureitem.line")
    with broken("erasureitem_line_once", *columns):
        ErasureItem.objects.create(request=request, line=1, phone=PHONES[0])


def test_rows_of_a_request_name_no_phone_in_words(owner: User) -> None:
    request = asked(owner)

    texts = [str(request), *(str(item) for item in request.items.order_by("line"))]

    assert texts[0] == f"Erasure request {request.pk} 2026-11-22"
    assert texts[1:] == [f"Line {line} (waiting)" for line in (1, 2, 3)]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    found = parse_lines("\r\n0700 000 101\r\n \n+254700000101\r0110-000-103\n")

    assert found == [(2, "254700000101"), (5, "254110000103")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0700000101\n07123", "Line 2 is no phone. Write each as 0712 345 678,"),
        ("\n0700 0001\nMary 0712345678\n0712345678", "Lines 2 and 3 are no phones."),
        ("x\n" * 13, "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more are no phones."),
    ],
)
def test_a_line_that_is_no_phone_is_named_by_its_number(text: str, sentence: str) -> None:
    with pytest.raises(NotPhones) as refusal:
        parse_lines(text)

    assert str(refusal.value).startswith(sentence)
    assert not {"07123", "Mary"} & set(re.split(r"[ ,.]", str(refusal.value)))
