"""Erasing what the rail knows of a customer who asks for it (Data Protection Act 2019).

The books hold no personal data and stay as they are, hashes and all. What goes are the phone, the
ids that Safaricom makes of it, and the bodies of messages that name it; amounts, receipts, times
and digests stay. A body is lost for good, so nothing is erased while money may still hang on it.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from money.access import Ability, abilities_of, businesses_for
from money.models import TaxPerson, User
from money.retention import is_held
from mpesa import spool
from mpesa.models import (
    LIVE_STATES,
    Erasure,
    InboundMessage,
    InboundState,
    PaymentRequest,
    RequestState,
    Stray,
)
from mpesa.phones import parse_phone

CHUNK = 500


class NotAllowed(Exception):
    """Who asks for it does not manage every business that knows the phone."""


class NotYet(Exception):
    """Something stands in the way; the message is a sentence that says what, without the phone."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: payment requests, bodies of messages, strays. All 0: nothing known."""

    requests: int = 0
    messages: int = 0
    strays: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.requests or self.messages or self.strays)


def erase_person(*, phone: str, by: User, now: datetime, quarantined_too: bool = False) -> Erased:
    """Erase what the rail knows of `phone`, as people type it, and note that it was done.

    Every body is read, in flat memory, before the one transaction that erases. Asking again is
    harmless, and right where a message came late. What cannot be found: a phone that Safaricom
    masked, and the spool of another machine. Raises NotAPhone, NotAllowed, and NotYet where a
    request or a message is not settled (one in quarantine may go with `quarantined_too`), the spool
    of this machine is not empty, or the books are on hold.
    """
    number = parse_phone(phone)
    if Ability.MANAGE not in abilities_of(by):
        raise NotAllowed("Only who manages a business may erase a customer's data.")
    _refuse_spooled()
    named = _pattern(number)
    message_ids, stray_ids = _naming(InboundMessage, named), _naming(Stray, named)
    with transaction.atomic():
        requests = list(_requests_of(number).select_for_update())
        message_ids |= _answers_to(requests)
        messages = list(_bodies(message_ids).defer("body", "headers").select_for_update())
        _refuse_others_businesses(requests, messages, by)
        _refuse_unsettled(requests, messages, quarantined_too=quarantined_too)
        _refuse_held(requests, messages)
        erased = Erased(
            requests=_erase_requests(requests, named),
            messages=_bodies([message.pk for message in messages]).update(body=None),
            strays=Stray.objects.filter(pk__in=stray_ids).delete()[0],
        )
        if not erased.is_nothing:
            Erasure.objects.create(
                by=by,
                at=now,
                requests=erased.requests,
                messages=erased.messages,
                strays=erased.strays,
            )
    return erased


def _refuse_spooled() -> None:
    if spool.torn_files():
        raise NotYet(
            "VAR/spool holds torn messages, which may name the phone. Look at them, then delete"
            " the *.torn files."
        )
    if not spool.is_empty():
        raise NotYet("Messages wait in VAR/spool. Try again when the worker has brought them in.")


def _pattern(number: str) -> "re.Pattern[bytes]":
    """Return what finds 254 and nine digits in a body, in each form that has been seen.

    Grouped, with its separators as they are or as an address writes them (%20), behind 00 or +, as
    a number in scientific form, at the end of a CheckoutRequestID, and hashed: the space of numbers
    is so small that a hash is a phone (REFERENCE 5).
    """
    local = number[3:]
    apart = r"(?:[\s ().+/-]|%(?:0[9ad]|2[089bdef]))*"
    digits = apart.join(local)
    # Not in the middle of a longer number; %20 before it is a space, not the digits 2 and 0.
    begins = r"(?:(?<![\d.])|(?<=%[0-9a-f]{2}))"
    # 2.5471234567E11: whoever writes that leaves out the zeros at the end.
    scientific = rf"2\.{number[1:].rstrip('0')}0*e\+?11(?!\d)"
    written = (number, f"+{number}", f"00{number}", f"0{local}", local)
    hashes = "|".join(hashlib.sha256(form.encode()).hexdigest() for form in written)
    return re.compile(
        rf"(?:{begins}(?:(?:\+|00)?2\.?54{apart}0?{apart}|0?{apart})|ws_CO_\d*){digits}(?!\d)"
        rf"|{begins}{scientific}|{hashes}".encode(),
        re.IGNORECASE,
    )


def _naming(model: type[InboundMessage] | type[Stray], named: "re.Pattern[bytes]") -> set[int]:
    """Return the ids of rows whose body names the phone, and whose path does, where it has one."""
    columns = ("pk", "body", "path") if model is Stray else ("pk", "body")
    rows = model.objects.filter(body__isnull=False).order_by("pk").values_list(*columns)
    return {
        pk
        for pk, *texts in rows.iterator(chunk_size=CHUNK)
        if any(named.search(t.encode() if isinstance(t, str) else bytes(t)) for t in texts)
    }


def _requests_of(number: str) -> QuerySet[PaymentRequest]:
    """Return requests of a phone, and those that a late message gave its CheckoutRequestID back."""
    return (
        PaymentRequest.objects.filter(Q(phone=number) | Q(checkout_request_id__endswith=number[3:]))
        .exclude(phone="", checkout_request_id="")
        .order_by("pk")
    )


def _answers_to(requests: Collection[PaymentRequest]) -> set[int]:
    """Return the ids of messages that came to the addresses of these requests, or paid them."""
    digests = [request.token_digest for request in requests if request.token_digest]
    rows = InboundMessage.objects.filter(token_digest__in=digests)
    paid_by = [request.pk for request in requests]
    of_payments = PaymentRequest.objects.filter(
        pk__in=paid_by, payment__message__isnull=False
    ).values_list("payment__message_id", flat=True)
    return {*rows.values_list("pk", flat=True), *(pk for pk in of_payments if pk)}


def _bodies(ids: Collection[int]) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(pk__in=ids, body__isnull=False).order_by("pk")


def _tills(requests: Collection[PaymentRequest], messages: Collection[InboundMessage]) -> set[int]:
    of_messages = {message.till_id for message in messages if message.till_id}
    return of_messages | {request.till_id for request in requests}


def _refuse_others_businesses(
    requests: Collection[PaymentRequest], messages: Collection[InboundMessage], by: User
) -> None:
    tills = _tills(requests, messages)
    mine = (
        businesses_for(by, Ability.MANAGE).filter(tills__in=tills).values_list("tills", flat=True)
    )
    if not tills <= set(mine):
        raise NotAllowed(
            "Another business knows this phone too: only who manages all of them may erase it."
        )


def _refuse_unsettled(
    requests: Collection[PaymentRequest],
    messages: Collection[InboundMessage],
    *,
    quarantined_too: bool,
) -> None:
    for request in requests:
        is_asked_about = request.state == RequestState.UNKNOWN and request.next_query_at
        if request.state in LIVE_STATES or is_asked_about:
            raise NotYet(
                f"Payment request {request.pk} of this phone has not ended. Try again when it has."
            )
    for message in messages:
        if message.state == InboundState.WAITING:
            raise NotYet(
                f"Message {message.pk} about this phone is not understood yet. Try again soon."
            )
        if message.state == InboundState.QUARANTINED and not quarantined_too:
            raise NotYet(
                f"Message {message.pk} about this phone is in quarantine: it may be about money"
                " that is not booked. Settle it first, or erase what is in quarantine too."
            )


def _refuse_held(
    requests: Collection[PaymentRequest], messages: Collection[InboundMessage]
) -> None:
    tills = _tills(requests, messages)
    for person in TaxPerson.objects.filter(businesses__tills__in=tills).distinct():
        if is_held(person):
            raise NotYet(f"The books of {person.name} are on hold: {person.hold_reason}")


def _erase_requests(requests: Collection[PaymentRequest], named: "re.Pattern[bytes]") -> int:
    for request in requests:
        request.phone = request.checkout_request_id = request.merchant_request_id = ""
        # Safaricom may repeat in its refusal what it refused.
        if named.search(request.result_text.encode()):
            request.result_text = ""
    columns = ["phone", "checkout_request_id", "merchant_request_id", "result_text"]
    PaymentRequest.objects.bulk_update(requests, columns, batch_size=CHUNK)
    return len(requests)
