"""Refunds of a receipt: what comes back is ticked, a manager agrees by PIN where it must be."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.access import Ability, limit_of
from money.actions.pins import NotEntered, enter_by_pin
from money.forms.fields import id_of
from money.limits import Limit
from money.models import Business, User
from money.queries import people_with_pins
from shops.actions.drawers import NoSession
from shops.actions.refunds import NeedsApproval, Return, record_payout, refund_sale
from shops.cart import FIELD, BadCart, read_cart
from shops.models import Refund, RefundTender
from shops.queries.refunds import came_by, sold_lines
from shops.refunding import ORDER, BadRefund, SoldLine
from shops.views.cash import drawer_of_browser
from shops.views.doors import fields_of, for_those_who, may, user_of
from shops.views.on_device import device_of
from shops.views.paper import on_paper
from shops.views.sale import sale_of

REFUSALS = (BadCart, BadRefund, NeedsApproval, NoSession, NotEntered)
BROKEN = "Broken or spoilt"
REASONS = (BROKEN, "Wrong thing", "Changed the mind", "Charged too much")
WAYS = {"credit": "Off what is owed", "cash": "Cash", "mpesa": "M-Pesa"}


@sensitive_post_parameters("pin")
@for_those_who(Ability.REFUND)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Choose what of a receipt comes back, and give its money back."""
    sale = sale_of(business, sale_id)
    if sale.number is None:
        return redirect("shops:sale", business.slug, sale.pk)
    refusal: Exception | None = None
    if request.method == "POST":
        fields = fields_of(request)
        try:
            made = refund_sale(
                sale_id=sale.pk,
                wish=_wish(fields, sold_lines(sale)),
                by=user_of(request),
                now=timezone.now(),
                approved_by=_approver(request, business, fields),
                drawer_id=drawer_of_browser(request),
            )
        except REFUSALS as refused:
            refusal = refused
        else:
            return redirect("shops:credit_note", business.slug, made.number)
    return render(
        request,
        "shops/refund.html",
        _context(request, business, sale_id, refusal),
        status=422 if refusal else 200,
    )


@for_those_who(Ability.SELL, Ability.SEE_TAKINGS)
@require_GET
def credit_note(request: HttpRequest, business: Business, number: int) -> HttpResponse:
    """Show a credit note, on the paper of this browser's printer."""
    rows = Refund.objects.select_related("sale", "by", "approved_by", "business__tax_person")
    made = get_object_or_404(rows, business=business, number=number)
    context = {
        "business": business,
        "refund": made,
        "lines": made.lines.select_related("line").order_by("pk"),
        "sells": may(user_of(request), Ability.SELL, business),
        "tenders": made.tenders.select_related("customer").order_by("pk"),
    }
    return on_paper(request, "shops/credit_note.html", context)


@for_those_who(Ability.SET_ASIDE)
@require_POST
def payout(request: HttpRequest, business: Business, tender_id: int) -> HttpResponse:
    """Note Safaricom's code of what was sent back."""
    fields = fields_of(request)
    due = get_object_or_404(RefundTender, pk=tender_id, refund__business=business)
    try:
        tender = record_payout(
            tender_id=due.pk,
            business=business,
            receipt=fields.get("receipt", ""),
            by=user_of(request),
            now=timezone.now(),
        )
    except BadRefund as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{tender.mpesa_receipt} is noted, and posted.")
    if sale_id := id_of(fields.get("sale", "")):
        return redirect("shops:sale", business.slug, sale_id)
    return redirect("inbox:inbox", business.slug)


def _wish(fields: Mapping[str, str], lines: Mapping[int, SoldLine]) -> Return:
    """Return what is to come back: what was typed, or all that is left of every line.

    What is broken goes back onto no shelf, whatever is ticked: the box comes ticked.
    """
    wanted = {pk: line.left_milli for pk, line in lines.items() if line.left_milli}
    return Return(
        key=fields.get("key", "")[:64] or uuid.uuid4().hex,
        lines=wanted if fields.get("all") else read_cart(fields),
        reason=_reason(fields),
        is_restocked=bool(fields.get("restock")) and _reason(fields) != BROKEN,
        first=fields.get("first", ""),
    )


def _reason(fields: Mapping[str, str]) -> str:
    """Return the reason whose button was pressed, else the one that was written."""
    return fields.get("why") or fields.get("reason", "")


def _approver(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> User | None:
    """Return who typed a PIN to agree, None where nobody did. Raises NotEntered."""
    chosen, pin = id_of(fields.get("approver", "")), fields.get("pin", "")
    device = device_of(request)
    if not pin or not chosen or device is None or device.business_id != business.pk:
        return None
    # Nobody agrees with oneself, and no try is spent on it.
    if chosen == user_of(request).pk:
        return None
    return enter_by_pin(device_id=device.pk, user_id=chosen, pin=pin, at=timezone.now()).user


def _approvers(
    request: HttpRequest, business: Business, refusal: Exception | None
) -> tuple[list[User], bool]:
    """Return who may agree by PIN on this device, and whether somebody has to."""
    user = user_of(request)
    is_needed = limit_of(user, business, Limit.REFUND) == 0 or bool(
        fields_of(request).get("approver")
    )
    if not (is_needed or isinstance(refusal, NeedsApproval | NotEntered)):
        return [], False
    device = device_of(request)
    if device is None or device.business_id != business.pk:
        return [], True
    people = people_with_pins(business).exclude(pk=user.pk)
    limits = {one: limit_of(one, business, Limit.REFUND) for one in people}
    own = limit_of(user, business, Limit.REFUND) or 0
    return [one for one, most in limits.items() if most is None or most > own], True


def _context(
    request: HttpRequest, business: Business, sale_id: int, refusal: Exception | None
) -> dict[str, Any]:
    sale, fields = sale_of(business, sale_id), fields_of(request)
    lines = sold_lines(sale)
    came = came_by(sale)
    approvers, is_agreed = _approvers(request, business, refusal)
    # A PIN never goes back to a page.
    fields.pop("pin", None)
    return {
        "business": business,
        "sale": sale,
        "lines": [(line, fields.get(f"{FIELD}{line.pk}", "")) for line in lines.values()],
        "left_cents": sum(line.amount_cents - line.back_cents for line in lines.values()),
        "ways": [(way, WAYS[way], came[way]) for way in ORDER if came[way] > 0],
        "reasons": REASONS,
        "reason": _reason(fields),
        "fields": fields,
        "key": fields.get("key") or uuid.uuid4().hex,
        "refusal": refusal,
        "approvers": approvers,
        "is_agreed": is_agreed,
    }
