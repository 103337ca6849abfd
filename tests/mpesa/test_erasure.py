"""A customer's personal data goes from every table; money, receipts and hashes stay."""

import hashlib
import io
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from money.models import Book, Membership, Role, TaxPerson, User
from money.verification import verify_books
from mpesa.actions.erasure import Erased, NotAllowed, NotYet, erase_person
from mpesa.actions.inbound import keep_stray, understand
from mpesa.actions.payments import Seen, record_payment
from mpesa.actions.requests import expire_requests
from mpesa.actions.traces import pattern_of
from mpesa.models import (
    Erasure,
    InboundMessage,
    InboundState,
    Payment,
    PaymentRequest,
    RequestState,
    Source,
)
from mpesa.phones import NotAPhone
from shops.actions.settle import match_payment
from tests.make import (
    NOW,
    a_business,
    a_callback,
    a_message,
    a_product,
    a_request,
    a_sale,
    a_till,
    a_user,
    amina,
    baraka,
    cents,
)
from tests.mpesa.conftest import Shop

PHONE = "0700 000 101"
DIGITS = "700000101"
CHECKOUT = "ws_CO_22112026120000000700000101"
SQLITE = connection.vendor == "sqlite"
LATER = NOW + timedelta(days=30)


def rows_of_everything() -> list[tuple[str, str]]:
    """Return (table, all of a row as text) of every row of every table of the database."""
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [(table, "|".join(map(text_of, row))) for row in cursor.fetchall()]
    # What a session holds is packed.
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    return found + [("django_session", text) for text in sessions]


def text_of(value: object) -> str:
    if isinstance(value, memoryview | bytes | bytearray):
        return bytes(value).decode("latin-1")
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def traces() -> set[str]:
    """Return the tables that hold the phone, in whatever form; ids and hashes of it too."""
    hashed = hashlib.sha256(f"254{DIGITS}".encode()).hexdigest()
    apart = "[^0-9A-Za-z]{0,2}".join(DIGITS)
    return {
        table
        for table, text in rows_of_everything()
        if re.search(apart, text) or hashed in text.lower()
    }


@pytest.fixture
def owner(shop: Shop) -> User:
    return amina()


@pytest.fixture
def paid(shop: Shop) -> Payment:
    """A sale whose request was asked, answered twice, paid and matched, as the rail does it."""
    sale = a_sale(shop.business)
    request = a_request(
        shop.till, reference=sale.reference, amount_cents=sale.total_cents, state=RequestState.ASKED
    )
    PaymentRequest.objects.update(merchant_request_id="29115-34620561-1")
    body = a_callback(amount=sale.total_cents // 100)
    for _ in range(2):
        understand(message_id=a_message(shop.till, body=body).pk, now=NOW)
    payment = Payment.objects.get(request=request)
    match_payment(payment_id=payment.pk, now=NOW)
    return payment


def erase(owner: User, **changes: Any) -> Erased:
    fields: dict[str, Any] = {"phone": PHONE, "by": owner, "now": LATER}
    return erase_person(**fields | changes)


def test_no_table_holds_the_phone_afterwards(owner: User, paid: Payment, shop: Shop) -> None:
    refusal = f"Bad Request - Invalid PhoneNumber 254{DIGITS}"
    again = a_request(shop.till, reference="sale:9", token="9", checkout_request_id="")
    PaymentRequest.objects.filter(pk=again.pk).update(
        state=RequestState.FAILED, ended_at=NOW, result_text=refusal
    )
    keep_stray(
        path=f"/cb/0{DIGITS}",
        body=a_callback(),
        address="10.0.0.1",
        reason="unknown address",
        received_at=NOW,
    )
    assert traces() == {"mpesa_paymentrequest", "mpesa_inboundmessage", "mpesa_stray"}
    heads = dict(Book.objects.values_list("business__slug", "head_hash"))

    erased = erase(owner)

    assert erased == Erased(requests=2, messages=2, strays=1, payers=1)
    assert traces() == set()
    assert verify_books().is_ok
    assert dict(Book.objects.values_list("business__slug", "head_hash")) == heads
    assert heads["duka"] != "0" * 64
    trace = Erasure.objects.get()
    assert (trace.by, trace.at) == (owner, LATER)
    assert (trace.requests, trace.messages, trace.strays) == (2, 2, 1)


def test_what_was_typed_at_the_counter_is_in_no_other_table(
    owner: User, shop: Shop, client
) -> None:
    product = a_product(shop.business)
    client.force_login(owner)
    cart = {"key": "0" * 32, "shown": cents(product), f"line-{product.pk}": "1"}
    client.post("/s/duka/sell", cart | {"pay": "mpesa", "phone": "0700 000"})
    client.post("/s/duka/sell", cart | {"pay": "mpesa", "phone": PHONE})
    assert PaymentRequest.objects.get().phone == f"254{DIGITS}"
    client.get("/admin/")
    expire_requests(now=LATER)
    assert traces() == {"mpesa_paymentrequest"}

    assert erase(owner) == Erased(requests=1)
    assert traces() == set()


def test_money_facts_and_digests_stay(owner: User, paid: Payment) -> None:
    facts = ("receipt", "till_id", "amount_cents", "paid_at", "request_id", "allocated_cents")
    kept = ("state", "reference", "amount_cents", "result_code", "result_text", "token_digest")
    arrived = ("sha256", "channel", "token_digest", "received_at", "state", "note")
    queries = (
        Payment.objects.values_list(*facts),
        PaymentRequest.objects.values_list(*kept),
        InboundMessage.objects.order_by("pk").values_list(*arrived),
    )
    before = [list(rows.all()) for rows in queries]

    erase(owner)

    assert [list(rows.all()) for rows in queries] == before
    request = PaymentRequest.objects.get()
    assert (request.phone, request.checkout_request_id, request.merchant_request_id) == ("",) * 3
    assert request.result_text == "As Safaricom puts it."
    assert set(InboundMessage.objects.values_list("body", flat=True)) == {None}


def test_pages_of_an_erased_payment_are_shown(owner: User, paid: Payment, client) -> None:
    assert paid.request
    sale_id = int(paid.request.reference.partition(":")[2])
    client.force_login(owner)
    addresses = [
        f"/s/duka/sales/{sale_id}/",
        f"/s/duka/sales/{sale_id}/receipt",
        reverse("admin:mpesa_payment_change", args=[paid.pk]),
        reverse("admin:mpesa_paymentrequest_changelist"),
        reverse("admin:mpesa_paymentrequest_change", args=[paid.request_id]),
        reverse("admin:mpesa_inboundmessage_change", args=[paid.message_id]),
        reverse("admin:mpesa_erasure_changelist"),
    ]

    erase(owner)

    answers = [client.get(address, follow=True) for address in addresses]
    assert [answer.status_code for answer in answers] == [200] * len(addresses)
    assert paid.receipt in answers[0].content.decode()
    assert "(erased)" in answers[5].content.decode()
    assert "amina" in answers[6].content.decode()


def test_the_page_of_a_refused_sale_offers_no_half_of_a_phone(
    owner: User, shop: Shop, client
) -> None:
    sale = a_sale(shop.business)
    request = a_request(shop.till, reference=sale.reference, amount_cents=sale.total_cents)
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.FAILED, ended_at=NOW)
    client.force_login(owner)
    page = f"/s/duka/sales/{sale.pk}/"
    assert f'value="0{DIGITS}"' in client.get(page).content.decode()

    erase(owner)

    assert 'type="tel" inputmode="tel" maxlength="20" value=""' in client.get(page).content.decode()


def test_other_customers_stay(owner: User, shop: Shop, paid: Payment) -> None:
    other = a_request(
        shop.till, reference="sale:8", token="8", checkout_request_id="ws_CO_1_700000102"
    )
    PaymentRequest.objects.filter(pk=other.pk).update(phone="254700000102", state=RequestState.PAID)
    body = a_callback(checkout_request_id="ws_CO_1_700000102")
    body = body.replace(b"254700000101", b"254700000102")
    message = a_message(shop.till, body=body, token="8")
    InboundMessage.objects.filter(pk=message.pk).update(
        state=InboundState.UNDERSTOOD, handled_at=NOW
    )

    erase(owner)

    other.refresh_from_db()
    message.refresh_from_db()
    assert (other.phone, other.checkout_request_id) == ("254700000102", "ws_CO_1_700000102")
    assert bytes(message.body or b"") == body


def test_erasing_twice_is_harmless_and_noted_once(owner: User, paid: Payment) -> None:
    erase(owner)

    again = erase(owner)

    assert again == Erased()
    assert again.is_nothing
    assert Erasure.objects.count() == 1


def test_a_message_that_comes_late_is_erased_by_asking_again(
    owner: User, paid: Payment, shop: Shop
) -> None:
    erase(owner)
    body = a_callback(amount=paid.amount_cents // 100)
    understand(message_id=a_message(shop.till, body=body).pk, now=LATER)
    assert traces() == {"mpesa_paymentrequest", "mpesa_inboundmessage"}

    assert erase(owner) == Erased(requests=1, messages=1)
    assert traces() == set()


def test_a_failure_that_names_no_phone_is_found_by_its_request(owner: User, shop: Shop) -> None:
    request = a_request(shop.till, checkout_request_id="")
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.FAILED, ended_at=NOW)
    body = a_callback(code=1032, checkout_request_id="ws_CO_another_form")
    message = a_message(shop.till, body=body)
    InboundMessage.objects.filter(pk=message.pk).update(
        state=InboundState.UNDERSTOOD, handled_at=NOW
    )

    assert erase(owner) == Erased(requests=1, messages=1)


def test_a_payment_nobody_asked_for_is_found_by_its_body(owner: User, shop: Shop) -> None:
    message = a_message(shop.till, body=a_callback(), token="of nobody")
    InboundMessage.objects.filter(pk=message.pk).update(
        state=InboundState.UNDERSTOOD, handled_at=NOW
    )
    seen = Seen(
        source=Source.STK,
        till=shop.till,
        receipt="UKM5A1B2C4",
        amount_cents=100,
        paid_at=NOW,
        message=message,
    )
    record_payment(seen, recorded_at=NOW)

    assert erase(owner) == Erased(messages=1)
    assert Payment.objects.get().message == message


@pytest.mark.parametrize(
    "text",
    [
        '"PhoneNumber":254712345678}',
        '"MSISDN":"254712345678"',
        "+254712345678",
        "0712345678",
        "712345678",
        "0712 345 678",
        "+254 (0) 712-345-678",
        "2.54712345678E11",
        "254712345678.0",
        "ws_CO_22112026120000000712345678",
        hashlib.sha256(b"254712345678").hexdigest(),
        hashlib.sha256(b"254712345678").hexdigest().upper(),
        hashlib.sha256(b"0712345678").hexdigest(),
        hashlib.sha256(b"+254712345678").hexdigest(),
        hashlib.sha256(b"712345678").hexdigest(),
        hashlib.sha256(b"00254712345678").hexdigest(),
        "2.54712345678E+11",
        "00254712345678",
        "00 254 712 345 678",
        "0712/345/678",
        "0712+345+678",
        "254%20712345678",
        "254%20712%20345%20678",
        "%2B254712345678",
        "%20712345678",
        "%220712345678%22",
        "%22254712345678%22",
        "0712%2d345%2D678",
    ],
)
def test_each_form_of_a_phone_is_found(text: str) -> None:
    assert pattern_of("254712345678").search(f'{{"a":"{text}"}}'.encode())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("254712345670", "2.5471234567E11"),
        ("254712345670", "2.5471234567e+11"),
        ("254712345670", "2.547123456700E11"),
        ("254700000000", "2.547E11"),
        ("254712345670", "254%20712345670"),
    ],
)
def test_a_phone_that_ends_in_zeros_is_found(number: str, text: str) -> None:
    assert pattern_of(number).search(f'{{"a":{text}}}'.encode())


@pytest.mark.parametrize(
    "text",
    ["2.5471234567E10", "2.5471234567E111", "2.54712345671E11", "12.5471234567E11", "25471234567"],
)
def test_another_number_in_scientific_form_is_left_alone(text: str) -> None:
    assert not pattern_of("254712345670").search(f'{{"a":{text}}}'.encode())


@pytest.mark.parametrize(
    "text",
    [
        "254712345679",
        "0712345679",
        "07123456780",
        "1254712345678",
        "20261122712345678",
        "UKM712345",
        "254%20712345679",
        "20%20071234567",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not pattern_of("254712345678").search(f'{{"a":"{text}"}}'.encode())


@pytest.mark.parametrize("state", [RequestState.CREATED, RequestState.ASKED])
def test_nothing_is_erased_while_a_phone_is_asked(owner: User, shop: Shop, state: str) -> None:
    request = a_request(shop.till, state=state)

    with pytest.raises(NotYet) as refusal:
        erase(owner)

    assert str(refusal.value) == (
        f"Payment request {request.pk} of this phone has not ended. Try again when it has."
    )
    assert PaymentRequest.objects.get().phone
    assert not Erasure.objects.exists()


def test_a_request_without_an_answer_waits_until_nobody_asks_about_it(
    owner: User, shop: Shop
) -> None:
    a_request(shop.till, state=RequestState.UNKNOWN)
    PaymentRequest.objects.update(next_query_at=LATER)
    with pytest.raises(NotYet):
        erase(owner)

    PaymentRequest.objects.update(next_query_at=None)

    assert erase(owner) == Erased(requests=1)


def test_a_message_that_nobody_understood_yet_is_not_lost(owner: User, shop: Shop) -> None:
    message = a_message(shop.till, body=a_callback(), token="of nobody")

    with pytest.raises(NotYet) as refusal:
        erase(owner)

    assert str(refusal.value).startswith(f"Message {message.pk} about this phone is not understood")
    assert InboundMessage.objects.get().body


def test_a_message_in_quarantine_goes_only_when_that_is_asked_for(owner: User, shop: Shop) -> None:
    message = a_message(shop.till, body=a_callback(), token="of nobody")
    understand(message_id=message.pk, now=NOW)

    with pytest.raises(NotYet) as refusal:
        erase(owner)

    assert f"Message {message.pk} about this phone is in quarantine" in str(refusal.value)
    assert erase(owner, quarantined_too=True) == Erased(messages=1)


def test_a_hold_keeps_everything(owner: User, paid: Payment) -> None:
    TaxPerson.objects.update(held_from=date(2026, 11, 1), hold_reason="KRA audit of 2025.")

    with pytest.raises(NotYet) as refusal:
        erase(owner)

    assert str(refusal.value) == "The books of Amina Hassan are on hold: KRA audit of 2025."
    assert "mpesa_paymentrequest" in traces()


def test_who_manages_nothing_learns_nothing(shop: Shop, paid: Payment) -> None:
    for person in (baraka(), a_user("dalila", duka=Role.ACCOUNTANT), a_user("chebet")):
        with pytest.raises(NotAllowed) as refusal:
            erase(person, phone="0799999999")

        assert str(refusal.value) == "Only who manages a business may erase a customer's data."


def test_the_phone_of_another_business_is_not_ones_own_to_erase(owner: User, paid: Payment) -> None:
    maji = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    request = a_request(maji, reference="sale:7", token="7", checkout_request_id="")
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.FAILED)

    with pytest.raises(NotAllowed) as refusal:
        erase(owner)

    assert str(refusal.value).startswith("Another business knows this phone too: ")
    Membership.objects.create(user=owner, business=maji.business, role=Role.OWNER)
    assert erase(owner) == Erased(requests=2, messages=2, payers=1)


def test_what_is_no_phone_is_refused(owner: User) -> None:
    with pytest.raises(NotAPhone):
        erase(owner, phone="12")


def test_the_command_erases_and_says_how_much(owner: User, paid: Payment) -> None:
    out = io.StringIO()

    for _ in range(2):
        call_command("erase_person", "--phone", PHONE, "--by", "amina", stdout=out)

    assert out.getvalue().splitlines() == [
        "Erased: 1 payment requests, 2 messages, 0 strays, 1 payers, 0 statements, 0 customers.",
        "Nothing is known of this phone.",
    ]


@pytest.mark.parametrize(
    ("phone", "by", "sentence"),
    [
        ("0700000101", "nobody", "Nobody signs in as nobody."),
        ("0700000101", "baraka", "Only who manages a business may erase a customer's data."),
        ("07", "amina", "Write the phone as 0712 345 678, 0110 345 678 or 254712345678."),
    ],
)
def test_the_command_refuses_with_a_sentence(
    owner: User, phone: str, by: str, sentence: str
) -> None:
    baraka()

    with pytest.raises(CommandError) as refusal:
        call_command("erase_person", "--phone", phone, "--by", by)

    assert (str(refusal.value), refusal.value.returncode) == (sentence, 1)


def test_the_trace_says_nothing_about_whom(owner: User, paid: Payment) -> None:
    erase(owner)

    columns = {field.column for field in Erasure._meta.local_fields}
    assert columns == {
        "id",
        "by_id",
        "at",
        "requests",
        "messages",
        "strays",
        "payers",
        "uploads",
    }
    assert str(Erasure.objects.get()) == f"Erasure {Erasure.objects.get().pk} 2026-12-22"


def test_erasure_erased_something(owner: User) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Erasure.objects.create(by=owner, at=NOW, requests=0, messages=0, strays=0)

    assert "erasure_erased_something" in str(refusal.value)


ON_RECORD = (
    "mpesa: that something was erased stays on record"
    if SQLITE
    else "mpesa: rows of mpesa_erasure are kept"
)
WRITES = [
    "UPDATE mpesa_erasure SET messages = 9",
    "UPDATE mpesa_erasure SET at = '2020-01-01'",
    "DELETE FROM mpesa_erasure",
]
WRITES += (
    [
        (
            "INSERT OR REPLACE INTO mpesa_erasure"
            " (id, at, requests, messages, strays, payers, uploads, by_id)"
            " SELECT id, at, 9, messages, strays, payers, uploads, by_id FROM mpesa_erasure"
        )
    ]
    if SQLITE
    else ["TRUNCATE mpesa_erasure"]
)


@pytest.mark.parametrize("sql", WRITES)
def test_an_erasure_stays_on_record(owner: User, paid: Payment, sql: str) -> None:
    erase(owner)
    connection.check_constraints()

    with (
        pytest.raises(IntegrityError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert str(refusal.value).splitlines()[0] == ON_RECORD


def test_only_who_manages_all_sees_the_erasures(owner: User, paid: Payment, client) -> None:
    erase(owner)
    a_business(slug="maji")
    client.force_login(owner)
    page = reverse("admin:mpesa_erasure_changelist")
    assert client.get(page).status_code == 403

    Membership.objects.create(user=owner, business=a_business(slug="maji"), role=Role.OWNER)

    answer = client.get(page)
    assert answer.status_code == 200
    assert DIGITS not in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("spool-1-1.jsonl", "wait in VAR/spool"), ("spool-1-1.torn", "torn messages")],
)
def test_nothing_is_erased_while_the_spool_holds_something(shop, spool_folder, name, sentence):
    spool_folder.mkdir()
    (spool_folder / name).write_bytes(b"x")

    with pytest.raises(NotYet, match=sentence):
        erase_person(phone=PHONE, by=amina(), now=NOW)
