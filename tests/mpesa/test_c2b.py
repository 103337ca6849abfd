"""Confirmations: money that nobody asked for, within the till's trust."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from money.chart import Code
from money.queries import balances
from mpesa.actions.guesses import join_request
from mpesa.actions.inbound import receive, understand
from mpesa.actions.quarantine import NotAllowed, NotReleasable, release
from mpesa.addresses import CONFIRMATION, VALIDATION, callback_url
from mpesa.models import (
    ClosedReference,
    InboundMessage,
    InboundState,
    Payment,
    Release,
    Sighting,
    Trust,
)
from tests.make import (
    NOW,
    a_callback,
    a_message,
    a_payment,
    a_request,
    amina,
    baraka,
    chebet,
)

LATER = NOW + timedelta(seconds=90)


def a_confirmation(**changes):
    """Write a confirmation of KES 180.00 to the shop's till, as a till's look."""
    told = {
        "TransactionType": "Customer Merchant Payment",
        "TransID": "UKM5A1B2C3",
        "TransTime": "20261122115500",
        "TransAmount": "180.00",
        "BusinessShortCode": "9900300",
        "BillRefNumber": "",
        "InvoiceNumber": "0",
        "OrgAccountBalance": "12840.00",
        "ThirdPartyTransID": "",
        "MSISDN": "2541 ***** 102",
        "FirstName": "OTIENO",
    }
    return json.dumps(told | changes).encode()


def take(till, body, channel=CONFIRMATION.channel, address="196.201.214.200"):
    """Store a message as the view would, understand it, and return its state and note."""
    message = receive(
        channel=channel,
        till=till,
        token="",
        body=body,
        address=address,
        headers={},
        received_at=NOW,
    )
    understand(message_id=message.pk, now=LATER)
    message.refresh_from_db()
    return message.state, message.note


def test_a_confirmation_that_nobody_asked_for_is_money_in_the_inbox(shop):
    assert take(shop.till, a_confirmation()) == (InboundState.UNDERSTOOD, "")

    payment = Payment.objects.get()
    assert (payment.amount_cents, payment.request) == (18_000, None)
    assert payment.paid_at == datetime(2026, 11, 22, 8, 55, tzinfo=UTC)
    assert (payment.payer.name, payment.payer.phone) == ("OTIENO", "2541 ***** 102")
    assert Sighting.objects.get().balance_cents == 1_284_000
    assert balances(shop.business)[Code.UNIDENTIFIED] == -18_000


def test_a_confirmation_twice_is_one_payment(shop):
    found = [take(shop.till, a_confirmation()) for _ in range(2)]

    assert found[1] == (InboundState.UNDERSTOOD, "The receipt was known.")
    assert (Payment.objects.count(), Sighting.objects.count()) == (1, 1)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_twin_of_a_prompt_is_the_same_payment(shop, is_first):
    request = a_request(shop.till)
    if is_first:
        take(shop.till, a_confirmation())
    understand(message_id=a_message(shop.till, body=a_callback()).pk, now=NOW)
    if not is_first:
        take(shop.till, a_confirmation())

    payment = Payment.objects.get()
    assert (payment.request, Sighting.objects.count()) == (request, 2)
    assert not InboundMessage.objects.filter(state=InboundState.QUARANTINED).exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BusinessShortCode": "600991"}, "The shortcode is not this till's."),
        ({"TransID": "x"}, "TransID is no receipt."),
        ({"TransAmount": "-5"}, "TransAmount is no amount above zero."),
        ({"TransAmount": "0.00"}, "TransAmount is no amount above zero."),
        ({"TransAmount": "20000.01"}, "Above KES 20,000: waits until Safaricom confirms it."),
    ],
)
def test_what_does_not_agree_goes_to_quarantine_and_posts_nothing(shop, changes, reason):
    assert take(shop.till, a_confirmation(**changes)) == (InboundState.QUARANTINED, reason)
    assert Payment.objects.count() == 0


@pytest.mark.parametrize("amount", ["20000.00", "1", "0.01"])
def test_money_within_the_trust_is_taken_at_once(shop, amount):
    assert take(shop.till, a_confirmation(TransAmount=amount))[0] == InboundState.UNDERSTOOD


def test_a_till_may_trust_safaricoms_addresses_only(shop):
    shop.till.trust = Trust.ADDRESSES
    shop.till.save()

    refused = take(shop.till, a_confirmation(), address="41.90.1.1")
    taken = take(shop.till, a_confirmation(TransID="UKM5A1B2C4"))

    assert refused[1] == "Not from an address of Safaricom's: waits until Safaricom confirms it."
    assert taken[0] == InboundState.UNDERSTOOD


def test_what_waits_is_taken_when_another_source_says_the_same(shop):
    big = a_confirmation(TransAmount="50000.00")
    take(shop.till, big)

    a_payment(shop.till, amount_cents=5_000_000)
    message = InboundMessage.objects.get()
    state = understand(message_id=message.pk, now=LATER)

    assert (state, Payment.objects.count()) == (InboundState.UNDERSTOOD, 1)


def test_what_waits_stays_where_another_source_says_otherwise(shop):
    take(shop.till, a_confirmation(TransAmount="50000.00"))

    a_payment(shop.till, amount_cents=4_000_000)
    understand(message_id=InboundMessage.objects.get().pk, now=LATER)

    message = InboundMessage.objects.get()
    assert message.state == InboundState.QUARANTINED
    assert message.note == "The receipt is known with another amount or till."


@pytest.mark.parametrize(
    "told", ["", "20260101000000", "20261123115500", "99999999999999", "no time"]
)
def test_a_time_that_cannot_be_is_the_arrival(shop, told):
    take(shop.till, a_confirmation(TransTime=told))

    assert Payment.objects.get().paid_at == NOW


def test_a_payment_of_yesterday_keeps_its_day(shop):
    take(shop.till, a_confirmation(TransTime="20261121235959"))

    assert Payment.objects.get().paid_at == datetime(2026, 11, 21, 20, 59, 59, tzinfo=UTC)


def held(shop):
    take(shop.till, a_confirmation(TransAmount="50000.00"))
    return InboundMessage.objects.get()


def test_an_owner_releases_what_waits_and_leaves_a_trace(shop):
    message, owner = held(shop), amina()

    release(message_id=message.pk, reason="Seen in the org portal.", by=owner, now=LATER)
    state = understand(message_id=message.pk, now=LATER)

    assert (state, Payment.objects.get().amount_cents) == (InboundState.UNDERSTOOD, 5_000_000)
    trace = Release.objects.get()
    assert (trace.by, trace.at, trace.reason) == (owner, LATER, "Seen in the org portal.")
    with pytest.raises(NotReleasable):
        release(message_id=message.pk, reason="Seen in the org portal.", by=owner, now=LATER)


def test_a_release_does_not_overrule_a_payment_that_is_known(shop):
    message, owner = held(shop), amina()
    a_payment(shop.till, amount_cents=4_000_000)

    understand(message_id=message.pk, now=LATER)
    release(message_id=message.pk, reason="Seen in the org portal.", by=owner, now=LATER)

    assert understand(message_id=message.pk, now=LATER) == InboundState.QUARANTINED
    with pytest.raises(NotReleasable):
        release(message_id=message.pk, reason="Seen in the org portal.", by=owner, now=LATER)


@pytest.mark.parametrize("who", [baraka, chebet])
def test_nobody_else_releases(shop, who):
    message = held(shop)

    with pytest.raises(NotAllowed):
        release(message_id=message.pk, reason="Seen in the org portal.", by=who(), now=LATER)


def test_a_release_says_how_it_was_checked(shop):
    message = held(shop)

    with pytest.raises(NotReleasable):
        release(message_id=message.pk, reason="ok", by=amina(), now=LATER)


def test_an_owner_releases_the_callback_of_a_prompt_as_money_nobody_asked_for(shop):
    request = a_request(shop.till)
    message = a_message(shop.till, body=a_callback(amount=170))
    understand(message_id=message.pk, now=NOW)

    release(message_id=message.pk, reason="Seen in the org portal.", by=amina(), now=LATER)

    assert understand(message_id=message.pk, now=LATER) == InboundState.UNDERSTOOD
    payment = Payment.objects.get()
    request.refresh_from_db()
    assert (payment.amount_cents, payment.request, request.state) == (17_000, None, "asked")


def validate(client, shop, body):
    url = callback_url(shop.till, VALIDATION)
    path = url[url.index("/cb/") :]
    return client.post(path, body, content_type="application/json").json()["ResultCode"]


def test_validation_refuses_a_closed_reference_only(shop, client):
    ClosedReference.objects.create(
        till=shop.till, reference="INV12", reason="Moved away", by=amina(), at=NOW
    )

    found = [
        validate(client, shop, a_confirmation(BillRefNumber=typed))
        for typed in ("inv 12", "INV-12 ", "INV13", "")
    ]

    assert found == ["C2B00012", "C2B00012", "0", "0"]
    for message in InboundMessage.objects.order_by("pk"):
        understand(message_id=message.pk, now=LATER)
    notes = list(InboundMessage.objects.order_by("pk").values_list("note", flat=True))
    assert notes == ["Refused: a closed account."] * 2 + ["Accepted."] * 2
    assert Payment.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"BillRefNumber": {}}'])
def test_validation_accepts_in_doubt(shop, client, body):
    assert validate(client, shop, body) == "0"


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "127.0.0.1"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
        (2, "1.1.1.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_address_is_what_our_own_proxy_saw(shop, client, settings, hops, forwarded, expected):
    settings.PROXY_HOPS = hops
    url = callback_url(shop.till, CONFIRMATION)

    client.post(
        url[url.index("/cb/") :],
        a_confirmation(),
        content_type="application/json",
        headers={"X-Forwarded-For": forwarded},
    )

    assert InboundMessage.objects.get().address == expected


def test_the_callback_behind_a_joined_forgery_takes_its_prompt_back(shop):
    request = a_request(shop.till)
    forged = a_payment(shop.till, receipt="UKM5A1B2F1")
    join_request(payment=forged, request=request, now=NOW)

    state = understand(message_id=a_message(shop.till, body=a_callback()).pk, now=LATER)

    assert state == InboundState.UNDERSTOOD
    assert Payment.objects.get(receipt="UKM5A1B2C3").request == request
    forged.refresh_from_db()
    assert (forged.request, forged.request_is_guess) == (None, False)
