"""Who paid goes from every table with the phone: names, hashes, half-hidden phones, statements."""

import hashlib
import io
import json
import struct
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from money.models import User
from mpesa.actions.erasure import Erased, NotAllowed, NotYet, erase_person
from mpesa.actions.inbound import receive, understand
from mpesa.actions.traces import keys_of, pattern_of
from mpesa.models import (
    Erasure,
    InboundMessage,
    InitiatorOrder,
    OrderKind,
    Payer,
    Payment,
    PaymentRequest,
    PullRun,
    RequestState,
    StatementRow,
    StatementUpload,
    Till,
    UploadState,
)
from tests.make import (
    NOW,
    a_business,
    a_callback,
    a_message,
    a_payment,
    a_request,
    a_till,
    amina,
)
from tests.mpesa.conftest import Shop
from tests.mpesa.test_erasure import rows_of_everything, traces

PHONE = "0700 000 101"
NUMBER = "254700000101"
HASH = hashlib.sha256(NUMBER.encode()).hexdigest()
HALF_HIDDEN = f"{HASH[:34]} ***** {HASH[39:]}"
MASKED = "2547 ***** 101"
LATER = NOW + timedelta(days=30)


@pytest.fixture
def owner(shop: Shop) -> User:
    return amina()


def erase(owner: User) -> Erased:
    return erase_person(phone=PHONE, by=owner, now=LATER)


def a_confirmation(
    till: Till, *, receipt: str, msisdn: str, name: str = "WANJIKU", account: str = ""
) -> None:
    """Take in a confirmation of KES 180, as Safaricom writes it."""
    body = {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": "20261122115500",
        "TransAmount": "180.00",
        "BusinessShortCode": till.shortcode,
        "BillRefNumber": account,
        "MSISDN": msisdn,
        "FirstName": name,
    }
    message = receive(
        channel="mpesa.confirmation",
        till=till,
        token="",
        body=json.dumps(body).encode(),
        address="196.201.214.200",
        headers={},
        received_at=NOW,
    )
    understand(message_id=message.pk, now=NOW)


def an_upload(till: Till, content: bytes, state: str = UploadState.DONE) -> StatementUpload:
    return StatementUpload.objects.create(
        till=till,
        name="statement.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        state=state,
        at=NOW,
    )


def an_xlsx(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", f"<sst><si><t>{text}</t></si></sst>")
    return file.getvalue()


def named(name: str) -> set[str]:
    """Return the tables that hold the name."""
    return {table for table, text in rows_of_everything() if name.lower() in text.lower()}


def paid_on_request(till: Till) -> None:
    """A prompt that was paid, with its masked twin: only the request knows the whole phone."""
    a_request(till)
    understand(message_id=a_message(till, body=a_callback()).pk, now=NOW)
    a_confirmation(till, receipt="UKM5A1B2C3", msisdn=MASKED)


def test_no_table_holds_phone_or_name_afterwards(owner: User, shop: Shop) -> None:
    till = shop.till
    paid_on_request(till)
    a_confirmation(till, receipt="UKM0000002", msisdn=HASH)
    a_confirmation(till, receipt="UKM0000003", msisdn=HALF_HIDDEN)
    a_confirmation(till, receipt="UKM0000004", msisdn=NUMBER)
    a_confirmation(till, receipt="UKM0000005", msisdn="2547 ***** 999", account=PHONE)
    upload = an_upload(till, b"UKM5A1B2C3,180.00,25470****101 - WANJIKU")
    an_upload(till, b"UKM9999999,Merchant Payment from 254700000101 - WANJIKU")
    StatementUpload.objects.filter(pk=upload.pk).update(note=f"From {NUMBER}.")
    InitiatorOrder.objects.create(
        till=till, kind=OrderKind.STATUS, key="o", result_text=f"Paid by {NUMBER}", created_at=NOW
    )
    PullRun.objects.create(
        till=till, since=NOW, until=LATER, at=LATER, verdict="failed", note=f"No: 0{NUMBER[3:]}"
    )
    StatementRow.objects.create(
        till=till,
        upload=upload,
        receipt="UKM5A1B2C3",
        kind="payment",
        sign=1,
        amount_cents=18_000,
        at=NOW,
        note=NUMBER,
    )
    assert named("WANJIKU") == {"mpesa_payer", "mpesa_inboundmessage", "mpesa_statementupload"}
    assert len(traces()) == 7
    receipts = list(Payment.objects.order_by("receipt").values_list("receipt", "amount_cents"))
    digests = set(StatementUpload.objects.values_list("sha256", flat=True))

    erased = erase(owner)

    # Six bodies and four notes.
    assert erased == Erased(requests=1, messages=10, payers=5, uploads=2)
    assert named("WANJIKU") == set()
    assert traces() == set()
    assert [row for row in rows_of_everything() if HALF_HIDDEN in row[1]] == []
    assert list(Payment.objects.order_by("receipt").values_list("receipt", "amount_cents")) == (
        receipts
    )
    assert set(StatementUpload.objects.values_list("sha256", flat=True)) == digests
    assert StatementRow.objects.count() == 1
    trace = Erasure.objects.get()
    assert (trace.payers, trace.uploads) == (5, 2)
    assert erase(owner).is_nothing


def test_other_payers_stay(owner: User, shop: Shop) -> None:
    paid_on_request(shop.till)
    a_confirmation(shop.till, receipt="UKM0000002", msisdn="254700000102", name="OTIENO")
    a_confirmation(shop.till, receipt="UKM0000003", msisdn="2547 ***** 101", name="AKINYI")
    an_upload(shop.till, b"UKM0000002,180.00,25470****102 - OTIENO")
    before = {table for name in ("OTIENO", "AKINYI") for table in named(name)}

    assert erase(owner) == Erased(requests=1, messages=2, payers=1)

    assert {table for name in ("OTIENO", "AKINYI") for table in named(name)} == before
    assert set(Payer.objects.values_list("name", flat=True)) == {"", "OTIENO", "AKINYI"}
    assert Payer.objects.exclude(key="").count() == 2


def test_a_twin_is_found_by_the_receipt_of_a_message_that_names_the_phone(
    owner: User, shop: Shop
) -> None:
    message = InboundMessage.objects.create(
        channel="mpesa.result",
        till=shop.till,
        body=f"DebitPartyName: {NUMBER} - WANJIKU".encode(),
        receipt="UKM0000002",
        received_at=NOW,
    )
    InboundMessage.objects.filter(pk=message.pk).update(state="understood", handled_at=NOW)
    a_confirmation(shop.till, receipt="UKM0000002", msisdn=MASKED)

    assert erase(owner) == Erased(messages=2, payers=1)
    assert named("WANJIKU") == set()


@pytest.mark.parametrize(
    "content",
    [
        b"Merchant Payment from 254700000101 - WANJIKU",
        an_xlsx("Merchant Payment from 254700000101"),
        an_xlsx("0700000101"),
        an_xlsx("UKM5A1B2C3"),
        "254700000101".encode("utf-16-le"),
        b"\xd0\xcf\x11\xe0" + "0700000101".encode("utf-16-le"),
        b"\xd0\xcf\x11\xe0 " + struct.pack("<d", 254700000101),
        b"\xd0\xcf\x11\xe0 " + struct.pack("<d", 700000101),
        b"UKM5A1B2C3",
    ],
    ids=[
        "text",
        "xlsx",
        "local",
        "receipt-xlsx",
        "utf-16",
        "xls",
        "float",
        "local-float",
        "receipt",
    ],
)
def test_a_statement_that_names_a_phone_or_its_payment_is_found(
    owner: User, shop: Shop, content: bytes
) -> None:
    paid_on_request(shop.till)
    upload = an_upload(shop.till, content)

    assert erase(owner).uploads == 1
    upload.refresh_from_db()
    assert upload.content is None


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 torn", an_xlsx("254700000102"), b""],
    ids=["torn", "another", "empty"],
)
def test_other_statements_stay(owner: User, shop: Shop, content: bytes) -> None:
    paid_on_request(shop.till)
    upload = an_upload(shop.till, content)

    assert erase(owner).uploads == 0
    upload.refresh_from_db()
    assert bytes(upload.content or b"") == content


@pytest.mark.parametrize("state", [UploadState.PREVIEW, UploadState.WAITING])
def test_a_statement_that_is_not_brought_in_is_not_lost(
    owner: User, shop: Shop, state: str
) -> None:
    upload = an_upload(shop.till, NUMBER.encode(), state)

    with pytest.raises(NotYet, match=f"Statement {upload.pk} names this phone"):
        erase(owner)

    upload.refresh_from_db()
    assert upload.content


def test_payers_and_statements_of_another_business_are_not_ones_own_to_erase(
    owner: User, shop: Shop
) -> None:
    maji = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    payment = a_payment(maji)
    Payer.objects.create(payment=payment, key=min(keys_of(NUMBER)), name="WANJIKU")

    with pytest.raises(NotAllowed):
        erase(owner)
    assert named("WANJIKU") == {"mpesa_payer"}

    Payer.objects.update(key="", name="")
    an_upload(maji, NUMBER.encode())
    with pytest.raises(NotAllowed):
        erase(owner)


def test_a_payer_is_known_by_an_older_key_too(owner: User, shop: Shop, settings) -> None:
    a_confirmation(shop.till, receipt="UKM0000002", msisdn=NUMBER)
    InboundMessage.objects.update(body=None)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-tests-that-opens-nothing"

    assert erase(owner) == Erased(payers=1)


def test_a_hash_with_five_characters_hidden_is_a_phone() -> None:
    assert pattern_of(NUMBER).search(f'"MSISDN":"{HALF_HIDDEN}"'.encode())
    assert not pattern_of("254700000102").search(f'"MSISDN":"{HALF_HIDDEN}"'.encode())


def test_several_people_are_erased_one_by_one(owner: User, shop: Shop) -> None:
    a_request(shop.till, state=RequestState.FAILED, checkout_request_id="")
    open_one = a_request(shop.till, reference="sale:2", token="2", checkout_request_id="")
    PaymentRequest.objects.filter(pk=open_one.pk).update(phone="254700000102")
    last = a_request(shop.till, reference="sale:3", token="3", checkout_request_id="")
    rows = PaymentRequest.objects.filter(pk=last.pk)
    rows.update(phone="254700000103", state=RequestState.FAILED)
    out = io.StringIO()
    phones = ["0700000101", "0700000102", "0700000103", "07"]
    arguments = [part for phone in phones for part in ("--phone", phone)]

    with pytest.raises(CommandError) as refusal:
        call_command("erase_person", *arguments, "--by", "amina", stdout=out)

    still_open = (
        f"Payment request {open_one.pk} of this phone has not ended. Try again when it has."
    )
    assert out.getvalue().splitlines() == [
        (
            "0700…101: Erased: 1 payment requests, 0 messages, 0 strays, 0 payers, 0 statements,"
            " 0 customers."
        ),
        (
            "0700…103: Erased: 1 payment requests, 0 messages, 0 strays, 0 payers, 0 statements,"
            " 0 customers."
        ),
    ]
    assert str(refusal.value).splitlines() == [
        f"0700…102: {still_open}",
        "…: Write the phone as 0712 345 678, 0110 345 678 or 254712345678.",
    ]
    assert Erasure.objects.count() == 2
