"""`mpesa_status`: the counts and sums, for people and for programs."""

import json

import pytest
from django.core.management import CommandError, call_command

from mpesa import spool
from mpesa.actions.inbound import understand
from mpesa.models import Payment, RequestState
from mpesa.queries import inbox_ties
from tests.make import (
    NOW,
    a_business,
    a_message,
    a_payment,
    a_request,
    a_till,
    an_arrival,
    an_entry,
)


@pytest.fixture
def busy(shop):
    a_request(shop.till, state=RequestState.FAILED, token="1", checkout_request_id="")
    a_message(shop.till, body=b"")
    understand(message_id=a_message(shop.till, body=b"{").pk, now=NOW)
    spool.append(an_arrival(), is_known=True)
    spool.append(an_arrival(), is_known=True)
    payment = a_payment(shop.till)
    a_payment(shop.till, receipt="UKM5A1B2C4", amount_cents=500)
    return payment


def printed(capsys, *options):
    call_command("mpesa_status", *options)
    return capsys.readouterr().out


def test_json_has_every_count_and_sum(busy, shop, capsys):
    a_business(slug="maji")

    assert json.loads(printed(capsys, "--json")) == {
        "callbacks": {
            "received": 2,
            "understood": 0,
            "waiting": 1,
            "quarantined": 1,
            "spooled": 2,
        },
        "payments": {"count": 2, "cents": 18_500, "reversed_cents": 0},
        "requests": {
            "created": 0,
            "asked": 0,
            "paid": 0,
            "failed": 1,
            "unknown": 0,
            "expired": 0,
        },
        "businesses": {
            "duka": {"inbox_cents": 18_500, "account_cents": 18_500, "ties": True},
            "maji": {"inbox_cents": 0, "account_cents": 0, "ties": True},
        },
        "inbox_cents": 18_500,
        "account_cents": 18_500,
    }


def test_people_read_lines(busy, capsys):
    assert printed(capsys).splitlines() == [
        "callbacks: received 2, understood 0, waiting 1, quarantined 1, spooled 2",
        "payments: count 2, cents 18500, reversed_cents 0",
        "requests: created 0, asked 0, paid 0, failed 1, unknown 0, expired 0",
        "duka: inbox 18500, account 18500 cents",
        "all: inbox 18500, account 18500",
    ]


def test_it_fails_where_one_business_differs_though_the_sums_agree(busy, shop, capsys):
    maji = a_business(slug="maji")
    an_entry(maji, cents=500, debit="1100", credit="2130")
    Payment.objects.filter(pk=busy.pk).update(allocated_cents=0, reversed_cents=0)
    a_payment(a_till(maji, number="9900502", shortcode="9900500"), receipt="UKMMAJI001")
    Payment.objects.filter(receipt="UKM5A1B2C4").update(allocated_cents=500)

    with pytest.raises(CommandError) as refusal:
        call_command("mpesa_status", "--json")

    status = json.loads(capsys.readouterr().out)
    assert str(refusal.value) == "Inbox and account differ: duka, maji. Run verify_books."
    assert [row["ties"] for row in status["businesses"].values()] == [False, False]
    assert inbox_ties([shop.business]) == {"duka": (18_000, 18_500)}


def test_an_empty_house_ties(db, capsys):
    assert json.loads(printed(capsys, "--json"))["businesses"] == {}
