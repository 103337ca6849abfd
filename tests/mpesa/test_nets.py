"""What no message told: the pull, the chain of balances, what waits in quarantine."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from money.models import Entry
from mpesa.actions.inbound import understand
from mpesa.actions.nets import ask_about_held, close_gap, find_gaps, pull, pull_recent
from mpesa.actions.payments import Seen, record_payment
from mpesa.actions.quarantine import look_again
from mpesa.models import (
    BalanceGap,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    Payment,
    PullRun,
    PullVerdict,
    Reversal,
    Source,
)
from tests.make import NOW, a_business, a_payment, a_till
from tests.mpesa.gateway import answer
from tests.mpesa.test_c2b import a_confirmation, take

SINCE = NOW - timedelta(hours=2)
NONE = answer(200, {"ResponseCode": "1001", "ResponseMessage": "No records", "Response": [[]]})


def a_row(receipt="UKM5A1B2C3", **changes):
    return {
        "transactionId": receipt,
        "trxDate": "2026-11-22T11:30:00Z",
        "msisdn": 254700000101,
        "sender": "MPESA",
        "transactiontype": "c2b-buy-goods-debit",
        "billreference": "",
        "amount": "180.00",
        "organizationname": "AMINA DUKA",
    } | changes


def a_page(*rows):
    return answer(200, {"ResponseCode": "1000", "Response": [list(rows)]})


def run(shop):
    return pull(till=shop.till, since=SINCE, until=NOW, now=NOW)


def test_a_payment_that_no_message_told_of_is_found(shop, gateway):
    gateway.will_answer(a_page(a_row(), a_row("UKM5A1B2C4", amount="20.5")), NONE)

    found = run(shop)

    assert (found.verdict, found.rows, found.new) == (PullVerdict.FOUND, 2, 2)
    first, second = Payment.objects.order_by("receipt")
    assert (first.amount_cents, second.amount_cents) == (18_000, 2_050)
    assert first.paid_at == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_overlapping_pulls_find_a_payment_once(shop, gateway):
    a_payment(shop.till)
    gateway.will_answer(a_page(a_row()), a_page(a_row()), NONE, a_page(a_row()), NONE)

    found = [run(shop) for _ in range(2)]

    assert [(one.rows, one.new) for one in found] == [(1, 0), (1, 0)]
    assert Entry.objects.count() == 1


def test_every_page_is_asked_for_by_the_rows_received(shop, gateway):
    pages = [a_page(a_row(f"UKM5A1B2C{n}"), a_row(f"UKM5A1B2D{n}")) for n in range(3)]
    gateway.will_answer(*pages, NONE)

    run(shop)

    offsets = [one.body["OffSetValue"] for one in gateway.asked if "query" in one.path]
    assert (offsets, Payment.objects.count()) == (["0", "2", "4", "6"], 6)


@pytest.mark.parametrize(
    "kind", ["merchant-to-organization-settlement", "utility-charge", "", "b2c-payment"]
)
def test_what_is_no_payment_is_none(shop, gateway, kind):
    gateway.will_answer(a_page(a_row(transactiontype=kind)), NONE)

    assert (run(shop).new, Payment.objects.count()) == (0, 0)


@pytest.mark.parametrize("is_known", [True, False])
def test_the_two_meanings_of_nothing_are_told_apart(shop, gateway, is_known):
    if is_known:
        a_payment(shop.till, paid_at=NOW - timedelta(hours=1))
    gateway.will_answer(NONE)

    assert run(shop).verdict == (PullVerdict.BLIND if is_known else PullVerdict.EMPTY)


def test_a_pull_that_fails_is_noted_and_harms_nothing(shop, gateway):
    gateway.will_answer(answer(400, {"errorCode": "400.001", "errorMessage": "Bad Request"}))

    found = run(shop)

    assert (found.verdict, found.note != "", Payment.objects.count()) == (
        PullVerdict.FAILED,
        True,
        0,
    )


def test_a_row_that_contradicts_us_changes_nothing(shop, gateway):
    a_payment(shop.till, amount_cents=99_900)
    gateway.will_answer(a_page(a_row()), NONE)

    assert (run(shop).new, Payment.objects.get().amount_cents) == (0, 99_900)


def test_a_time_to_come_is_no_time(shop, gateway):
    gateway.will_answer(a_page(a_row(trxDate="2026-11-22T23:30:00Z")), NONE)

    run(shop)

    assert Payment.objects.get().paid_at == NOW


def test_a_reversal_in_the_pull_is_taken_once(shop, gateway):
    a_payment(shop.till)
    row = a_row("UKM5A1B2R1", transactiontype="c2b-reversal", billreference="UKM5A1B2C3")
    gateway.will_answer(a_page(row), NONE, a_page(row), NONE)

    found = [run(shop).new for _ in range(2)]

    assert (found, Reversal.objects.get().receipt) == ([1, 0], "UKM5A1B2R1")
    assert Payment.objects.get().reversed_cents == 18_000


def test_the_window_is_what_safaricom_allows(shop, gateway):
    gateway.will_answer(NONE)

    pull_recent(till=shop.till, hours=100, now=NOW)

    assert PullRun.objects.get().since == NOW - timedelta(hours=47, minutes=50)


def confirmed(shop, receipt, minute, cents, balance_cents):
    """Record a confirmation as one that came at that minute of the last hour."""
    at = NOW - timedelta(minutes=60 - minute)
    seen = Seen(
        source=Source.CONFIRMATION,
        till=shop.till,
        receipt=receipt,
        amount_cents=cents,
        paid_at=at,
        balance_cents=balance_cents,
    )
    record_payment(seen, recorded_at=at)


def test_a_jump_of_the_balance_is_a_missing_payment(shop):
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C2", 2, 10_000, 60_000)
    confirmed(shop, "UKM5A1B2C3", 9, 10_000, 95_000)

    (gap,) = find_gaps(till=shop.till, now=NOW)

    assert (gap.missing_cents, gap.after.receipt) == (25_000, "UKM5A1B2C3")
    assert find_gaps(till=shop.till, now=NOW) == []


def test_a_charge_or_a_sweep_is_no_gap(shop):
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C2", 2, 10_000, 59_500)
    confirmed(shop, "UKM5A1B2C3", 3, 10_000, 10_000)

    assert find_gaps(till=shop.till, now=NOW) == []


def test_payments_of_the_same_second_in_any_order_are_no_gap(shop):
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C9", 2, 30_000, 90_000)
    confirmed(shop, "UKM5A1B2C2", 2, 10_000, 60_000)

    assert find_gaps(till=shop.till, now=NOW) == []


def test_the_last_minutes_are_left_to_settle(shop):
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C2", 58, 10_000, 95_000)

    assert find_gaps(till=shop.till, now=NOW) == []
    assert len(find_gaps(till=shop.till, now=NOW + timedelta(minutes=5))) == 1


def test_a_gap_is_pulled_and_closes_when_the_payment_is_found(shop, gateway):
    confirmed(shop, "UKM5A1B2C1", 1, 10_000, 50_000)
    confirmed(shop, "UKM5A1B2C3", 9, 10_000, 78_000)
    (gap,) = find_gaps(till=shop.till, now=NOW)
    gateway.will_answer(a_page(a_row("UKM5A1B2C2", trxDate="2026-11-22T11:05:00Z")), NONE)

    close_gap(gap, now=NOW)
    find_gaps(till=shop.till, now=NOW)

    assert (Payment.objects.count(), BalanceGap.objects.get().closed_at) == (3, NOW)


def test_what_waits_in_quarantine_is_asked_about_once(shop):
    for receipt in ("UKM5A1B2C1", "UKM5A1B2C1", "UKM5A1B2C2"):
        take(shop.till, a_confirmation(TransID=receipt, TransAmount="90000.00"))

    found = [ask_about_held(now=NOW + timedelta(minutes=n)) for n in (1, 2)]

    assert found == [2, 2]
    assert sorted(InitiatorOrder.objects.values_list("receipt", flat=True)) == [
        "UKM5A1B2C1",
        "UKM5A1B2C2",
    ]


def test_a_flood_of_forgeries_asks_little(shop):
    for number in range(30):
        take(shop.till, a_confirmation(TransID=f"UKM5A1B2{number:02}", TransAmount="90000.00"))

    assert ask_about_held(now=NOW) == 20
    assert InitiatorOrder.objects.count() == 20
    # What came late in the flood is asked about before anything is asked about again.
    assert ask_about_held(now=NOW + timedelta(minutes=1)) == 20
    assert InitiatorOrder.objects.count() == 30


def test_nothing_is_asked_about_a_till_without_an_initiator(shop, settings, monkeypatch):
    take(shop.till, a_confirmation(TransAmount="90000.00"))
    settings.PRODUCTION = True
    for name in ("INITIATOR_NAME", "INITIATOR_PASSWORD", "CERTIFICATE"):
        monkeypatch.delenv(f"DARAJA_{name}", raising=False)

    assert ask_about_held(now=NOW) == 0


def test_what_waits_is_taken_when_the_pull_says_the_same(shop, gateway):
    take(shop.till, a_confirmation(TransAmount="90000.00"))
    gateway.will_answer(a_page(a_row(amount="90000.00")), NONE)

    run(shop)

    assert InboundMessage.objects.get().state == InboundState.WAITING
    assert json.loads(bytes(InboundMessage.objects.get().body or b""))["TransAmount"] == "90000.00"


def test_a_reversal_row_of_one_till_touches_no_other(shop, gateway):
    other = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    a_payment(other, receipt="UKM5A1B2C3")
    row = a_row("UKM5A1B2R1", transactiontype="c2b-reversal", billreference="UKM5A1B2C3")
    gateway.will_answer(a_page(row), NONE)

    run(shop)

    assert Payment.objects.get().reversed_cents == 0


def test_another_row_of_the_same_receipt_hides_no_payment(shop, gateway):
    charge = a_row(transactiontype="pay-bill-charge", amount="5.00")
    gateway.will_answer(a_page(a_row(), charge), NONE)

    run(shop)

    assert Payment.objects.get().amount_cents == 18_000


def test_a_time_far_outside_the_window_is_no_day_of_the_books(shop, gateway):
    gateway.will_answer(a_page(a_row(trxDate="2009-01-01T00:00:00Z")), NONE)

    run(shop)

    assert Payment.objects.get().paid_at == NOW


def test_two_that_did_not_see_each_other_are_looked_at_again_once(shop):
    take(shop.till, a_confirmation(TransAmount="90000.00"))
    a_payment(shop.till, amount_cents=9_000_000)
    # As if the judgement had been saved after the payment.
    InboundMessage.objects.update(state=InboundState.QUARANTINED, handled_at=NOW)

    found = look_again(now=NOW + timedelta(seconds=60))

    understand(message_id=InboundMessage.objects.get().pk, now=NOW + timedelta(seconds=61))
    assert (found, InboundMessage.objects.get().state) == (1, InboundState.UNDERSTOOD)
    assert look_again(now=NOW + timedelta(seconds=120)) == 0


def test_what_still_contradicts_is_not_looked_at_for_ever(shop):
    take(shop.till, a_confirmation(TransAmount="90000.00"))
    a_payment(shop.till, amount_cents=100)
    InboundMessage.objects.update(state=InboundState.QUARANTINED, handled_at=NOW)
    found = []
    for minute in range(1, 5):
        now = NOW + timedelta(minutes=minute)
        found.append(look_again(now=now))
        understand(message_id=InboundMessage.objects.get().pk, now=now)

    assert found == [1, 0, 0, 0]
