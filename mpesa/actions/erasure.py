"""Erasing what the rail knows of a customer who asks for it (Data Protection Act 2019).

The books hold no personal data and stay as they are, hashes and all. What goes are the phone, the
ids that Safaricom makes of it, who paid, the bodies of messages and the statement files that name
any of it; amounts, receipts, times and digests stay. A body is lost for good, so nothing is erased
while money may still hang on it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import QuerySet

from money.access import Ability, abilities_of, businesses_for
from money.models import TaxPerson, User
from money.retention import is_held
from mpesa import spool
from mpesa.actions.traces import CHUNK, Traces, answers_to, find_traces, pattern_of, requests_of
from mpesa.models import (
    LIVE_STATES,
    Erasure,
    ErasureItem,
    InboundMessage,
    InboundState,
    ItemState,
    Payer,
    PaymentRequest,
    RequestState,
    StatementUpload,
    Stray,
    UploadState,
)
from mpesa.phones import parse_phone


class NotAllowed(Exception):
    """Who asks for it does not manage every business that knows the phone."""


class NotYet(Exception):
    """Something stands in the way; the message is a sentence that says what, without the phone."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: payment requests, messages, strays, payers, statement files.

    `messages` are bodies, and notes that repeat what Safaricom said; `others` is what the floors
    above knew. All 0: nothing is known.
    """

    requests: int = 0
    messages: int = 0
    strays: int = 0
    payers: int = 0
    uploads: int = 0
    others: int = 0

    @property
    def is_nothing(self) -> bool:
        return self == Erased()


class Forget(Protocol):
    """What a floor above does with a phone that is erased; returns how many rows it emptied.

    It runs inside the transaction of the erasure, and may refuse with NotAllowed or NotYet.
    """

    def __call__(self, *, phone: str, by: User, now: datetime) -> int: ...


_ALSO: list[Forget] = []


def also_forget(forget: Forget) -> None:
    """Have every erasure of a phone reach what a floor above knows of it."""
    if forget not in _ALSO:
        _ALSO.append(forget)


@dataclass(frozen=True, slots=True)
class _Held:
    """What is to be erased, locked until the transaction ends."""

    requests: list[PaymentRequest]
    messages: list[InboundMessage]
    payers: list[Payer]
    uploads: list[StatementUpload]
    texts: list[tuple[Any, str, int, int]]

    def tills(self) -> set[int]:
        of_messages = {message.till_id for message in self.messages if message.till_id}
        return {
            *of_messages,
            *(request.till_id for request in self.requests),
            *(payer.payment.till_id for payer in self.payers),
            *(upload.till_id for upload in self.uploads),
            *(till_id for *_, till_id in self.texts),
        }


def erase_person(*, phone: str, by: User, now: datetime, quarantined_too: bool = False) -> Erased:
    """Erase what the rail knows of `phone`, as people type it, and note that it was done.

    Every body is read, in flat memory, before the one transaction that erases. Asking again is
    harmless, and right where a message came late. What cannot be found: a phone that Safaricom
    masked, where no request or other message leads to its payment, and the spool of another
    machine. Raises NotAPhone, NotAllowed, and NotYet where a request, a message or a statement is
    not settled (a message in quarantine may go with `quarantined_too`), the spool of this machine
    is not empty, or the books are on hold.
    """
    number = parse_phone(phone)
    if Ability.MANAGE not in abilities_of(by):
        raise NotAllowed("Only who manages a business may erase a customer's data.")
    _refuse_spooled()
    named = pattern_of(number)
    traces = find_traces(number, named)
    with transaction.atomic():
        held = _lock(number, traces)
        _refuse_others_businesses(held, by)
        _refuse_unsettled(held, quarantined_too=quarantined_too)
        _refuse_held(held)
        others = sum(forget(phone=number, by=by, now=now) for forget in _ALSO)
        erased = replace(_erase(held, traces, named), others=others)
        _end_items(number, erased, now)
        # What the floors above emptied keeps its own trace, in its own rows.
        if not replace(erased, others=0).is_nothing:
            Erasure.objects.create(
                by=by,
                at=now,
                requests=erased.requests,
                messages=erased.messages,
                strays=erased.strays,
                payers=erased.payers,
                uploads=erased.uploads,
            )
    return erased


def _lock(number: str, traces: Traces) -> _Held:
    requests = list(requests_of(number).select_for_update())
    message_ids = traces.messages | answers_to([request.pk for request in requests])
    messages = _bodies(message_ids).defer("body", "headers").select_for_update()
    payers = Payer.objects.filter(pk__in=traces.payers).select_related("payment").order_by("pk")
    uploads = StatementUpload.objects.filter(pk__in=traces.uploads).order_by("pk")
    return _Held(
        requests=requests,
        messages=list(messages),
        payers=[p for p in payers.select_for_update(of=("self",)) if _is_known(p)],
        uploads=list(uploads.defer("content").select_for_update()),
        texts=traces.texts,
    )


def _is_known(payer: Payer) -> bool:
    return any((payer.key, payer.phone, payer.name, payer.account_reference))


def _erase(held: _Held, traces: Traces, named: re.Pattern[bytes]) -> Erased:
    for model, column, pk, _ in held.texts:
        model.objects.filter(pk=pk).update(**{column: ""})
    bodies = _bodies([message.pk for message in held.messages])
    return Erased(
        requests=_erase_requests(held.requests, named),
        messages=bodies.update(body=None) + len(held.texts),
        strays=Stray.objects.filter(pk__in=traces.strays).delete()[0],
        payers=Payer.objects.filter(pk__in=[payer.pk for payer in held.payers]).update(
            key="", phone="", name="", account_reference=""
        ),
        uploads=StatementUpload.objects.filter(
            pk__in=[upload.pk for upload in held.uploads], content__isnull=False
        ).update(content=None),
    )


def _end_items(number: str, erased: Erased, now: datetime) -> None:
    """Empty the phone where it waits to be erased, whoever asked for it."""
    ErasureItem.objects.filter(phone=number, state=ItemState.WAITING).update(
        state=ItemState.UNKNOWN if erased.is_nothing else ItemState.ERASED,
        phone="",
        ended_at=now,
    )


def _refuse_spooled() -> None:
    if spool.torn_files():
        raise NotYet(
            "VAR/spool holds torn messages, which may name the phone. Look at them, then delete"
            " the *.torn files."
        )
    if not spool.is_empty():
        raise NotYet("Messages wait in VAR/spool. Try again when the worker has brought them in.")


def _bodies(ids: Collection[int]) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(pk__in=ids, body__isnull=False).order_by("pk")


def _refuse_others_businesses(held: _Held, by: User) -> None:
    tills = held.tills()
    mine = (
        businesses_for(by, Ability.MANAGE).filter(tills__in=tills).values_list("tills", flat=True)
    )
    if not tills <= set(mine):
        raise NotAllowed(
            "Another business knows this phone too: only who manages all of them may erase it."
        )


def _refuse_unsettled(held: _Held, *, quarantined_too: bool) -> None:
    for request in held.requests:
        is_asked_about = request.state == RequestState.UNKNOWN and request.next_query_at
        if request.state in LIVE_STATES or is_asked_about:
            raise NotYet(
                f"Payment request {request.pk} of this phone has not ended. Try again when it has."
            )
    for message in held.messages:
        if message.state == InboundState.WAITING:
            raise NotYet(
                f"Message {message.pk} about this phone is not understood yet. Try again soon."
            )
        if message.state == InboundState.QUARANTINED and not quarantined_too:
            raise NotYet(
                f"Message {message.pk} about this phone is in quarantine: it may be about money"
                " that is not booked. Settle it first, or erase what is in quarantine too."
            )
    for upload in held.uploads:
        if upload.state in {UploadState.PREVIEW, UploadState.WAITING}:
            raise NotYet(
                f"Statement {upload.pk} names this phone and is not brought in yet. Bring it in or"
                " drop it first."
            )


def _refuse_held(held: _Held) -> None:
    for person in TaxPerson.objects.filter(businesses__tills__in=held.tills()).distinct():
        if is_held(person):
            raise NotYet(f"The books of {person.name} are on hold: {person.hold_reason}")


def _erase_requests(requests: Collection[PaymentRequest], named: re.Pattern[bytes]) -> int:
    for request in requests:
        request.phone = request.checkout_request_id = request.merchant_request_id = ""
        # Safaricom may repeat in its refusal what it refused.
        if named.search(request.result_text.encode()):
            request.result_text = ""
    columns = ["phone", "checkout_request_id", "merchant_request_id", "result_text"]
    PaymentRequest.objects.bulk_update(requests, columns, batch_size=CHUNK)
    return len(requests)
