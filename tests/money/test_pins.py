"""PINs and devices: what is refused, what locks, and that tries side by side are counted."""

import threading
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection

from money.actions import pins
from money.actions.devices import NoName, NotYours, make_device, revoke_device
from money.actions.own_pin import WrongPassword, set_pin
from money.actions.pins import (
    BadPin,
    DeviceLocked,
    NotEntered,
    NotTheirs,
    PinLocked,
    UnknownDevice,
    WrongPin,
    clear_pin,
    enter_by_pin,
    unlock_pin,
)
from money.actions.sign_in import MOST_OF_NAME
from money.models import Business, Device, Pin, Role, User, WrongTry
from money.queries import device_of_token, people_with_pins
from tests import make
from tests.make import NOW

PIN = "2580"


def somebody(username: str, pin: str = PIN, **roles: str) -> User:
    return make.with_a_pin(username, pin, **roles)


@pytest.fixture
def device(duka: Business) -> Device:
    return make_device(business=duka, name="Counter 1", by=make.amina(), at=NOW)[0]


def enter(device: Device, user: User, pin: str = PIN, at: datetime = NOW) -> Pin:
    return enter_by_pin(device_id=device.pk, user_id=user.pk, pin=pin, at=at)


def tries(device: Device, user: User, count: int, at: datetime = NOW) -> list[str]:
    """Try a wrong PIN so often; return the names of what refused."""
    said = []
    for _ in range(count):
        with pytest.raises(NotEntered) as caught:
            enter(device, user, "9999", at)
        said.append(type(caught.value).__name__)
    return said


# Setting and clearing


@pytest.mark.parametrize(
    "pin",
    [
        *("", "123", "2580369", "25a0", "25 80", "٢٥٨٠", "2580\n"),
        *("0000", "777777", "1234", "4321", "456789", "987654", "7890", "0987"),
    ],
)
def test_a_pin_that_is_none_or_tried_first_is_refused(duka: Business, pin: str) -> None:
    baraka = somebody("baraka", pin="")

    with pytest.raises(BadPin):
        set_pin(user=baraka, password="karibu", pin=pin, door=make.HERE, at=NOW)

    assert not Pin.objects.exists()


@pytest.mark.parametrize("pin", ["2580", "1235", "112233", "90210"])
def test_a_pin_is_kept_as_a_hash_alone(duka: Business, pin: str) -> None:
    somebody("baraka", pin=pin)

    kept = Pin.objects.get()
    assert pin not in kept.hash
    assert check_password(pin, kept.hash)
    assert pin not in str(kept)


def test_a_pin_needs_the_own_password(duka: Business) -> None:
    baraka = somebody("baraka")

    with pytest.raises(WrongPassword):
        set_pin(user=baraka, password="wrong", pin="1470", door=make.HERE, at=NOW)

    assert check_password(PIN, Pin.objects.get().hash)


def test_a_session_left_open_is_no_place_to_guess_the_password(duka: Business) -> None:
    baraka = somebody("baraka")

    def said(password: str) -> str:
        with pytest.raises(WrongPassword) as refusal:
            set_pin(user=baraka, password=password, pin="1470", door=make.HERE, at=NOW)
        return str(refusal.value)

    first = [said(f"guess-{number}") for number in range(MOST_OF_NAME)]

    assert set(first) == {"That is not your password. The PIN is as it was."}
    assert said("karibu").startswith("Too many wrong passwords. Wait 15 minutes")
    assert check_password(PIN, Pin.objects.get().hash)


def test_the_owner_clears_a_pin_and_the_trace_stays(duka: Business, device: Device) -> None:
    baraka, amina = somebody("baraka"), make.a_user("amina")
    tries(device, baraka, 5)

    clear_pin(user_id=baraka.pk, business=duka, by=amina, at=NOW)

    with pytest.raises(WrongPin):
        enter(device, baraka)
    set_pin(user=baraka, password="karibu", pin="1470", door=make.HERE, at=NOW)
    kept = enter(device, baraka, "1470")
    assert (kept.cleared_by, kept.cleared_at) == (amina, NOW)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CASHIER, Role.AUDITOR])
def test_who_does_not_manage_clears_no_pin(duka: Business, role: str) -> None:
    baraka = somebody("baraka")

    with pytest.raises(NotTheirs):
        clear_pin(user_id=baraka.pk, business=duka, by=make.a_user("other", duka=role), at=NOW)

    assert Pin.objects.get().hash


def test_an_owner_clears_no_pin_of_another_business(duka: Business) -> None:
    make.a_business(slug="maji")
    halima = somebody("halima", maji=Role.CASHIER)

    with pytest.raises(NotTheirs):
        clear_pin(user_id=halima.pk, business=duka, by=make.amina(), at=NOW)

    assert Pin.objects.get().hash


# Devices


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_a_device_is_kept_as_a_digest(duka: Business, role: str) -> None:
    by = make.a_user("maker", duka=role)

    device, token = make_device(business=duka, name=" Counter 1 ", by=by, at=NOW)

    assert (device.name, device.made_by, device.made_at) == ("Counter 1", by, NOW)
    assert len(token) == 43  # 256 bits
    assert token not in str(vars(device))
    assert device_of_token(token) == device
    assert device_of_token("") is None


def test_a_device_made_again_is_revoked_first(duka: Business) -> None:
    amina = make.amina()
    before, token = make_device(business=duka, name="Old", by=amina, at=NOW)

    make_device(business=duka, name="New", by=amina, at=NOW, token_before=token)

    before.refresh_from_db()
    assert (before.revoked_at, before.revoked_by) == (NOW, amina)


def test_who_sets_no_prices_makes_no_device(duka: Business) -> None:
    with pytest.raises(NotYours):
        make_device(business=duka, name="Mine", by=make.baraka(), at=NOW)


def test_a_device_has_a_name(duka: Business) -> None:
    with pytest.raises(NoName):
        make_device(business=duka, name="  ", by=make.amina(), at=NOW)


def test_the_owner_alone_revokes(duka: Business, device: Device) -> None:
    manager = make.a_user("manager", duka=Role.MANAGER)
    with pytest.raises(NotYours):
        revoke_device(device_id=device.pk, business=duka, by=manager, at=NOW)

    revoke_device(device_id=device.pk, business=duka, by=make.a_user("amina"), at=NOW)

    with pytest.raises(UnknownDevice):
        enter(device, somebody("baraka"))


def test_an_owner_revokes_no_device_of_another_business(duka: Business, device: Device) -> None:
    maji = make.a_business(slug="maji")
    other = make.a_user("other", maji=Role.OWNER)

    with pytest.raises(NotYours):
        revoke_device(device_id=device.pk, business=maji, by=other, at=NOW)

    device.refresh_from_db()
    assert device.revoked_at is None


# Who is let in


def test_a_right_pin_opens_and_forgets_the_wrong_ones(duka: Business, device: Device) -> None:
    baraka = somebody("baraka")
    tries(device, baraka, 4)

    enter(device, baraka)

    assert Pin.objects.get().wrong_tries == 0
    assert WrongTry.objects.count() == 4
    assert tries(device, baraka, 4) == ["WrongPin"] * 4


def test_who_sells_elsewhere_left_or_only_looks_is_not_let_in(
    duka: Business, device: Device
) -> None:
    make.a_business(slug="maji")
    left = somebody("left")
    User.objects.filter(pk=left.pk).update(is_active=False)
    strangers = [
        somebody("halima", maji=Role.CASHIER),
        somebody("auditor", duka=Role.AUDITOR),
        left,
        somebody("nopin", pin=""),
    ]
    baraka = somebody("baraka")

    assert list(people_with_pins(duka)) == [baraka]
    for stranger in strangers:
        with pytest.raises(WrongPin):
            enter(device, stranger)
    assert WrongTry.objects.count() == len(strangers)


def test_who_has_no_pin_is_answered_like_who_typed_a_wrong_one(
    duka: Business, device: Device
) -> None:
    said = set()
    for user in (somebody("baraka"), somebody("nopin", pin="")):
        with pytest.raises(WrongPin) as caught:
            enter(device, user, "9999")
        said.add(str(caught.value))

    assert len(said) == 1


# Locks


def test_the_fifth_wrong_try_locks_for_a_quarter_of_an_hour(duka: Business, device: Device) -> None:
    baraka = somebody("baraka")

    assert tries(device, baraka, 6) == ["WrongPin"] * 4 + ["PinLocked"] * 2
    with pytest.raises(PinLocked):
        enter(device, baraka, at=NOW + timedelta(minutes=14, seconds=59))
    assert enter(device, baraka, at=NOW + timedelta(minutes=15)).user == baraka


def test_a_password_unlocks(duka: Business, device: Device) -> None:
    baraka = somebody("baraka")
    tries(device, baraka, 5)

    unlock_pin(user=baraka)

    assert enter(device, baraka).user == baraka


def test_twenty_wrong_tries_lock_the_device_for_whoever_comes(
    duka: Business, device: Device
) -> None:
    for number in range(4):
        tries(device, somebody(f"seller{number}"), 5, NOW + timedelta(minutes=number))
    baraka = somebody("baraka")

    with pytest.raises(DeviceLocked):
        enter(device, baraka, at=NOW + timedelta(minutes=59))

    # The first five are an hour ago, and no more.
    assert tries(device, baraka, 4, NOW + timedelta(minutes=60)) == ["WrongPin"] * 4
    enter(device, baraka, at=NOW + timedelta(minutes=60))
    assert tries(device, baraka, 2, NOW + timedelta(minutes=60)) == ["WrongPin", "DeviceLocked"]


def test_another_device_goes_on(duka: Business, device: Device) -> None:
    other, _ = make_device(business=duka, name="Counter 2", by=make.a_user("amina"), at=NOW)
    for number in range(4):
        tries(device, somebody(f"seller{number}"), 5)

    assert enter(other, somebody("baraka"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has one writer.")
@pytest.mark.django_db(transaction=True)
def test_tries_side_by_side_are_five_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    business = make.a_business()
    device, _ = make_device(business=business, name="Counter 1", by=make.amina(), at=NOW)
    baraka = somebody("baraka")
    looked: list[str] = []

    def look(pin: str, _: str) -> bool:
        looked.append(pin)
        return False

    monkeypatch.setattr(pins, "check_password", look)

    def one() -> None:
        with pytest.raises(NotEntered):
            enter(device, baraka, "9999")
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(looked) == 5
    assert WrongTry.objects.count() == 12
