"""Finding what the rail holds of a person, in whatever form a phone has been seen."""

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from mpesa.models import (
    InboundMessage,
    InitiatorOrder,
    Payer,
    Payment,
    PaymentRequest,
    PullRun,
    Reversal,
    Sighting,
    StatementRow,
    StatementUpload,
    Stray,
)
from mpesa.payloads import payer_key

CHUNK = 500
# A statement of a year is a few megabytes; a file that swells to more is no statement.
MOST_UNPACKED_BYTES = 256 * 1024 * 1024
# What Safaricom said in words, where it may repeat a phone: model, column, the way to the till.
TEXTS: tuple[tuple[Any, str, str], ...] = (
    (InitiatorOrder, "result_text", "till_id"),
    (Reversal, "note", "payment__till_id"),
    (StatementRow, "note", "till_id"),
    (StatementUpload, "name", "till_id"),
    (StatementUpload, "note", "till_id"),
    (PullRun, "note", "till_id"),
)


@dataclass(frozen=True, slots=True)
class Traces:
    """Ids of what names a phone, or belongs to a payment of its owner; found without locks.

    `texts` is a list of (model, column, id, id of the till).
    """

    messages: set[int]
    strays: set[int]
    payers: set[int]
    uploads: set[int]
    texts: list[tuple[Any, str, int, int]]


def find_traces(number: str, named: re.Pattern[bytes]) -> Traces:
    """Read all that may hold `number` ("2547..."), in flat memory.

    A name without a phone is found by its payment: by the payer's key, by our request, or by the
    receipt of a message that names the phone; the other messages and files about it follow.
    """
    messages = _naming(InboundMessage, named, "body")
    requests = set(requests_of(number).values_list("pk", flat=True))
    messages |= answers_to(requests)
    payments = _payments_of(number, named, requests, messages)
    receipts = set(Payment.objects.filter(pk__in=payments).values_list("receipt", flat=True))
    about = InboundMessage.objects.filter(receipt__in=receipts)
    messages |= set(about.values_list("pk", flat=True))
    seen = Sighting.objects.filter(receipt__in=receipts, message__isnull=False)
    messages |= {pk for pk in seen.values_list("message_id", flat=True) if pk}
    return Traces(
        messages=messages,
        strays=_naming(Stray, named, "body", "path"),
        payers=payments,
        uploads=_uploads_naming(number, named, receipts),
        texts=list(_texts_naming(named)),
    )


def pattern_of(number: str) -> re.Pattern[bytes]:
    """Return what finds 254 and nine digits in a body, in each form that has been seen.

    Grouped, with its separators as they are or as an address writes them (%20), behind 00 or +, as
    a number in scientific form, at the end of a CheckoutRequestID, and hashed: the space of numbers
    is so small that a hash is a phone (REFERENCE 5), and a hash with five characters hidden too
    (REFERENCE 3.4).
    """
    local = number[3:]
    apart = r"(?:[\s ().+/-]|%(?:0[9ad]|2[089bdef]))*"
    digits = apart.join(local)
    # Not in the middle of a longer number; %20 before it is a space, not the digits 2 and 0.
    begins = r"(?:(?<![\d.])|(?<=%[0-9a-f]{2}))"
    # 2.5471234567E11: whoever writes that leaves out the zeros at the end.
    scientific = rf"2\.{number[1:].rstrip('0')}0*e\+?11(?!\d)"
    hashes = _hashes_of(number)
    hashes += [rf"{each[:34]} ?\*+ ?{each[39:]}" for each in hashes]
    return re.compile(
        rf"(?:{begins}(?:(?:\+|00)?2\.?54{apart}0?{apart}|0?{apart})|ws_CO_\d*){digits}(?!\d)"
        rf"|{begins}{scientific}|{'|'.join(hashes)}".encode(),
        re.IGNORECASE,
    )


def _written(number: str) -> tuple[str, ...]:
    local = number[3:]
    return (number, f"+{number}", f"00{number}", f"0{local}", local)


def _hashes_of(number: str) -> list[str]:
    return [hashlib.sha256(form.encode()).hexdigest() for form in _written(number)]


def keys_of(number: str) -> set[str]:
    """Return every key that a payer with this phone may have, under older secret keys too."""
    hashes = _hashes_of(number)
    half_hidden = [f"{each[:34]} ***** {each[39:]}" for each in hashes]
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    forms = (*_written(number), *hashes, *half_hidden)
    return {key for secret in secrets for form in forms if (key := payer_key(form, secret))}


def requests_of(number: str) -> QuerySet[PaymentRequest]:
    """Return requests of a phone, and those that a late message gave its CheckoutRequestID back."""
    return (
        PaymentRequest.objects.filter(Q(phone=number) | Q(checkout_request_id__endswith=number[3:]))
        .exclude(phone="", checkout_request_id="")
        .order_by("pk")
    )


def answers_to(request_ids: Collection[int]) -> set[int]:
    """Return the ids of messages that came to the addresses of these requests, or paid them."""
    requests = PaymentRequest.objects.filter(pk__in=request_ids)
    digests = requests.exclude(token_digest="").values_list("token_digest", flat=True)
    rows = InboundMessage.objects.filter(token_digest__in=list(digests))
    paid_by = requests.filter(payment__message__isnull=False)
    of_payments = paid_by.values_list("payment__message_id", flat=True)
    return {*rows.values_list("pk", flat=True), *(pk for pk in of_payments if pk)}


def _naming(model: Any, named: re.Pattern[bytes], *columns: str) -> set[int]:
    """Return the ids of rows of which a column names the phone."""
    rows = model.objects.filter(**{f"{columns[0]}__isnull": False}).order_by("pk")
    return {
        pk
        for pk, *texts in rows.values_list("pk", *columns).iterator(chunk_size=CHUNK)
        if any(named.search(t.encode() if isinstance(t, str) else bytes(t)) for t in texts)
    }


def _payments_of(
    number: str, named: re.Pattern[bytes], requests: set[int], messages: set[int]
) -> set[int]:
    """Return the ids of payments that are this person's, as far as anything says so."""
    told = InboundMessage.objects.filter(pk__in=messages).exclude(receipt="")
    rows = Payment.objects.filter(
        Q(request__in=requests)
        | Q(message__in=messages)
        | Q(payer__key__in=keys_of(number))
        | Q(receipt__in=list(told.values_list("receipt", flat=True)))
    )
    texts = ("phone", "name", "account_reference")
    return {*rows.values_list("pk", flat=True), *_naming(Payer, named, *texts)}


def _uploads_naming(number: str, named: re.Pattern[bytes], receipts: Collection[str]) -> set[int]:
    """Return the ids of statement files that name the phone, or a payment of its owner.

    The files themselves hide the phone behind asterisks and show the name (REFERENCE 7.2).
    """
    wanted = [receipt.encode() for receipt in receipts]
    # An old spreadsheet keeps a number as a double.
    wanted += [struct.pack("<d", int(form)) for form in (number, number[3:])]
    rows = StatementUpload.objects.filter(content__isnull=False).order_by("pk")
    return {
        pk
        for pk, content in rows.values_list("pk", "content").iterator(chunk_size=1)
        if any(
            named.search(text) or any(one in text for one in wanted)
            for text in _texts_of(bytes(content or b""))
        )
    }


def _texts_of(content: bytes) -> Iterator[bytes]:
    """Yield a file as it is, as one-byte text where it is UTF-16, and what a ZIP holds."""
    yield content
    # Old spreadsheets write UTF-16 at any offset.
    yield content.replace(b"\0", b"")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            left = MOST_UNPACKED_BYTES
            for member in packed.infolist():
                with packed.open(member) as file:
                    text = file.read(left)
                left -= len(text)
                yield text
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return


def _texts_naming(named: re.Pattern[bytes]) -> Iterator[tuple[Any, str, int, int]]:
    for model, column, till in TEXTS:
        rows = model.objects.exclude(**{column: ""}).order_by("pk")
        for pk, text, till_id in rows.values_list("pk", column, till).iterator(chunk_size=CHUNK):
            if named.search(text.encode()):
                yield model, column, pk, till_id
