"""The nets that the clock casts: the pull by day and by night, and the chain of balances."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from mpesa.actions import nets
from mpesa.models import BalanceGap, Payment, PullRun, PullVerdict, Till
from periodic.actions.nets import TillsFailed
from periodic.kinds_of_schedules import KINDS
from tests import make
from tests.make import NOW
from tests.mpesa.conftest import Shop
from tests.mpesa.gateway import Gateway, answer, asked_by
from tests.mpesa.test_nets import NONE, a_page, a_row, confirmed


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    with asked_by(settings) as gateway:
        yield gateway


def run(kind: str) -> str:
    return KINDS[kind].work({}, lambda done, total: None, NOW)


@pytest.fixture
def tills(till: Till) -> list[Till]:
    """Return the tills of two businesses, in the order in which they are asked for."""
    other = make.a_till(make.a_business(slug="maji"), number="888002")
    return sorted([till, other], key=lambda one: one.number)


@pytest.mark.parametrize(("kind", "hours"), [("mpesa_pull", 2), ("mpesa_pull_night", 48)])
def test_each_till_is_asked_for(tills: list[Till], gateway: Gateway, kind: str, hours: int) -> None:
    gateway.will_answer(a_page(a_row()), NONE, NONE)

    assert run(kind) == "Tills: 2. New to us: 1."

    assert Payment.objects.get().till == tills[0]
    first, second = PullRun.objects.order_by("pk")
    assert [first.till, second.till] == tills
    longest = min(timedelta(hours=hours), nets.LONGEST_WINDOW)
    assert {one.until - one.since for one in (first, second)} == {longest}


def test_twice_finds_a_payment_once(till: Till, gateway: Gateway) -> None:
    gateway.will_answer(a_page(a_row()), NONE, a_page(a_row()), NONE)

    assert [run("mpesa_pull"), run("mpesa_pull")] == [
        "Tills: 1. New to us: 1.",
        "Tills: 1. New to us: 0.",
    ]
    assert Payment.objects.count() == 1


def test_a_till_without_an_answer_is_named_and_holds_up_no_other(
    tills: list[Till], gateway: Gateway
) -> None:
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": "No"}), NONE)

    told = run("mpesa_pull")

    assert told.startswith("Tills: 2. New to us: 0. ")
    assert f"{tills[0].number} had no answer: " in told
    assert tills[1].number not in told
    verdicts = PullRun.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == [PullVerdict.FAILED, PullVerdict.EMPTY]


def test_what_safaricom_repeats_of_a_person_is_not_kept(till: Till, gateway: Gateway) -> None:
    said = "Invalid Access Token - abcDEF123 for 254712345678"
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": said}))

    told = run("mpesa_pull")

    assert "2547…678" in told
    assert "254712345678" not in told
    assert "abcDEF123" not in told


def test_a_till_that_the_pull_does_not_serve_is_told(till: Till, gateway: Gateway) -> None:
    confirmed(Shop(till.business, till), "UKM5A1B2C1", 1, 10_000, 50_000)
    gateway.will_answer(NONE)

    assert "told of nothing, though we know of payments" in run("mpesa_pull_night")


def test_a_fault_of_ours_fails_after_the_last_till(
    tills: list[Till], gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., PullRun] = nets.pull

    def pull(*, till: Till, **rest: Any) -> PullRun:
        if till == tills[0]:
            raise ZeroDivisionError
        return real(till=till, **rest)

    monkeypatch.setattr(nets, "pull", pull)
    gateway.will_answer(a_page(a_row()), NONE)

    with pytest.raises(TillsFailed, match=f"failed for {tills[0].number};"):
        run("mpesa_pull")
    assert Payment.objects.get().till == tills[1]
    with pytest.raises(CommandError, match=tills[0].number):
        call_command("mpesa_pull")


def test_a_jump_of_a_balance_is_pulled(till: Till, gateway: Gateway) -> None:
    assert run("mpesa_balances") == "Tills: 1. Jumps that no payment explains: 0."
    shop = Shop(till.business, till)
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C3", 9, 10_000, 78_000)
    gateway.will_answer(a_page(a_row("UKM5A1B2C2", trxDate="2026-11-22T11:05:00Z")), NONE)

    jump = "Tills: 1. Jumps that no payment explains: 1. New to us by the pull: 1."
    assert run("mpesa_balances") == jump
    assert BalanceGap.objects.count() == 1
    assert run("mpesa_balances") == "Tills: 1. Jumps that no payment explains: 0."
