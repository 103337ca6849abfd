"""An owner's pages of the rail: how it stands, one payment from end to end, and giving it back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.cents import format_shillings
from money.views.doors import Reader, fields_of, opened_by, plain
from mpesa import doorbell
from mpesa.actions.orders import ask_about, ask_balance
from mpesa.actions.reversals import (
    NotReversible,
    approve_reversal,
    decline_reversal,
    give_up_reversal,
    note_reversal,
    propose_reversal,
    take_back_forged,
)
from mpesa.forms import Unreadable, read_going_back, read_receipt
from mpesa.models import LIVE_REVERSALS, Payment, Reversal, ReversalState, Sighting, Till
from mpesa.rail import rail_of

REFUSALS = (NotReversible, Unreadable)


@opened_by(Ability.MANAGE)
@require_GET
def front(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show how each till stands and what waits for the owner; `receipt` finds a payment."""
    typed, refusal = plain(request.GET.get("receipt", "")), ""
    asked_for = ""
    if typed:
        try:
            asked_for = read_receipt(typed)
        except Unreadable as problem:
            refusal = str(problem)
        else:
            if _find(reader, asked_for):
                return redirect("rail:payment", asked_for)
            refusal = f"No payment of yours has the receipt {asked_for}."
    mine = reader.where(Ability.MANAGE)
    context = {
        "rail": rail_of(mine, timezone.now()),
        "typed": typed,
        "refusal": refusal,
        "asked_for": asked_for,
    }
    return render(request, "mpesa/front.html", context)


@opened_by(Ability.MANAGE)
@require_POST
def ask(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Ask Safaricom whether a receipt is a payment to one of the owner's tills."""
    fields = fields_of(request)
    number = fields.get("till", "")
    till = Till.objects.filter(number=number, business__in=reader.where(Ability.MANAGE)).first()
    if till is None:
        raise Http404
    try:
        receipt = read_receipt(fields.get("receipt", ""))
    except Unreadable as problem:
        messages.error(request, str(problem))
        return redirect("rail:front")
    ask_about(till=till, receipt=receipt, by=reader.user, now=timezone.now())
    doorbell.payments.press()
    messages.success(
        request,
        f"Safaricom is asked about {receipt}. If it was paid to {till}, it is in the inbox in a"
        " moment.",
    )
    return redirect("rail:front")


@opened_by(Ability.MANAGE)
@require_POST
def balance(request: HttpRequest, reader: Reader, number: str) -> HttpResponse:
    """Ask Safaricom what a till's accounts hold."""
    mine = reader.where(Ability.MANAGE)
    till = Till.objects.filter(number=plain(number), business__in=mine).first()
    if till is None:
        raise Http404
    ask_balance(till=till, by=reader.user, now=timezone.now())
    doorbell.payments.press()
    messages.success(request, f"Safaricom is asked what {till} holds. Reload in a moment.")
    return redirect("rail:front")


@opened_by(Ability.MANAGE)
@require_GET
def payment(request: HttpRequest, reader: Reader, receipt: str) -> HttpResponse:
    """Show one payment: who told of it, where its money went, what of it went back."""
    return _page(request, _found(reader, receipt))


@opened_by(Ability.MANAGE)
@require_POST
def reverse(request: HttpRequest, reader: Reader, receipt: str) -> HttpResponse:
    """Give (part of) a payment back through Safaricom, or note that it went back without us."""
    found, fields, now = _found(reader, receipt), fields_of(request), timezone.now()
    how = fields.get("how", "")
    try:
        if how == "forged":
            take_back_forged(
                payment_id=found.pk, reason=fields.get("reason", ""), by=reader.user, now=now
            )
            said = "The payment is taken out of the till."
        elif how == "noted":
            going = read_going_back(fields, with_receipt=True)
            note_reversal(
                payment_id=found.pk,
                receipt=going.receipt,
                amount_cents=going.amount_cents,
                reason=going.reason,
                by=reader.user,
                now=now,
            )
            said = "The reversal is in the books."
        else:
            going = read_going_back(fields, with_receipt=False)
            made = propose_reversal(
                payment_id=found.pk,
                amount_cents=going.amount_cents,
                reason=going.reason,
                by=reader.user,
                now=now,
            )
            said = _said_of(made)
    except REFUSALS as problem:
        return _page(request, found, refusal=str(problem), fields=fields)
    doorbell.payments.press()
    messages.success(request, said)
    return redirect("rail:payment", receipt)


def _said_of(reversal: Reversal) -> str:
    if reversal.state == ReversalState.PROPOSED:
        return "It is above the limit: a second person approves the reversal."
    return "Safaricom is asked to give it back. The books change when it says that it did."


@opened_by(Ability.MANAGE)
@require_POST
def decide(request: HttpRequest, reader: Reader, reversal_id: int) -> HttpResponse:
    """Approve or decline a reversal that waits for a second person."""
    reversal = Reversal.objects.filter(pk=reversal_id).select_related("payment").first()
    if reversal is None or not _find(reader, reversal.payment.receipt):
        raise Http404
    fields, now = fields_of(request), timezone.now()
    decision = fields.get("decision", "")
    try:
        if decision == "give-up":
            give_up_reversal(
                reversal_id=reversal_id, reason=fields.get("reason", ""), by=reader.user, now=now
            )
        else:
            act = approve_reversal if decision == "approve" else decline_reversal
            act(reversal_id=reversal_id, by=reader.user, now=now)
    except NotReversible as problem:
        messages.error(request, str(problem))
    else:
        doorbell.payments.press()
    return redirect("rail:payment", reversal.payment.receipt)


def _find(reader: Reader, receipt: str) -> Payment | None:
    if "\0" in receipt:
        return None  # PostgreSQL refuses to look for it
    rows = Payment.objects.select_related("till__business", "request", "payer")
    mine = reader.where(Ability.MANAGE)
    return rows.filter(receipt=receipt, till__business__in=mine).first()


def _found(reader: Reader, receipt: str) -> Payment:
    found = _find(reader, receipt)
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, found: Payment, *, refusal: str = "", fields: dict[str, str] | None = None
) -> HttpResponse:
    reversals = list(
        found.reversals.select_related("proposed_by", "approved_by", "order").order_by("pk")
    )
    rest_cents = found.paid_cents - found.reversed_cents
    context: dict[str, Any] = {
        "payment": found,
        "payer": getattr(found, "payer", None),
        "sightings": Sighting.objects.filter(receipt=found.receipt).order_by("pk"),
        "allocations": found.allocations.select_related("by", "undone_by").order_by("pk"),
        "reversals": reversals,
        "rest_cents": rest_cents,
        "rest": format_shillings(rest_cents),
        "is_live": any(one.state in LIVE_REVERSALS for one in reversals),
        "refusal": refusal,
        "fields": fields or {},
    }
    status = 409 if refusal else 200
    return render(request, "mpesa/payment.html", context, status=status)
