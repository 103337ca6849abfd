"""The Z report of a closed session: its page, a manager's note, and what a difference was."""

import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.cents import format_shillings, parse_shillings
from money.models import Business
from shops import cash_reasons
from shops.actions.cash_moves import correct_session, note_session
from shops.forms_cash import read_key
from shops.models import CashSession
from shops.queries import cash as queries
from shops.views.cash import SEERS, refusal_of
from shops.views.doors import fields_of, for_those_who, may, user_of
from shops.views.paper import on_paper
from shops.z_text import verdict_of


@for_those_who(*SEERS)
@require_GET
def z_report(request: HttpRequest, business: Business, z_number: int) -> HttpResponse:
    """Show the Z report of a closed session, for an 80 mm printer; to its own people, or seers."""
    return _z_page(request, business, z_number)


@for_those_who(Ability.EXPLAIN_CASH)
@require_POST
def note(request: HttpRequest, business: Business, z_number: int) -> HttpResponse:
    """Write what a manager knows about a session's variance."""
    session, fields = _by_z(business, z_number), fields_of(request)

    def act() -> None:
        note_session(
            session_id=session.pk,
            business=business,
            text=fields.get("text", ""),
            by=user_of(request),
            now=timezone.now(),
        )

    return _z_act(request, business, z_number, act, "note")


@for_those_who(Ability.EXPLAIN_CASH)
@require_POST
def correct(request: HttpRequest, business: Business, z_number: int) -> HttpResponse:
    """Take a variance that found its reason out of cash over and short."""
    session, fields = _by_z(business, z_number), fields_of(request)

    def act() -> None:
        side, _, reason = fields.get("reason", "").partition(":")
        cents = parse_shillings(fields.get("amount", ""))
        correct_session(
            session_id=session.pk,
            business=business,
            key=read_key(fields),
            reason=reason,
            cents=cents if side == "short" else -cents,
            note=fields.get("note", ""),
            by=user_of(request),
            now=timezone.now(),
        )

    return _z_act(request, business, z_number, act, "correct")


def _by_z(business: Business, z_number: int) -> CashSession:
    rows = queries.closed_sessions(business).select_related("business__tax_person")
    return get_object_or_404(rows, z_number=z_number)


def _z_act(
    request: HttpRequest, business: Business, z_number: int, act: Callable[[], None], place: str
) -> HttpResponse:
    if refusal := refusal_of(act):
        return _z_page(request, business, z_number, refusal, place)
    return redirect("cash:z", business.slug, z_number)


def _z_page(
    request: HttpRequest,
    business: Business,
    z_number: int,
    refusal: Exception | None = None,
    place: str = "",
) -> HttpResponse:
    session, user = _by_z(business, z_number), user_of(request)
    if session.closed_by_id != user.pk and not may(user, Ability.SEE_CASH, business):
        raise Http404
    context = {
        "business": business,
        "session": session,
        "figures": session.figures,
        "moves": session.moves.select_related("by").order_by("pk"),
        "notes": session.notes.select_related("by").order_by("pk"),
        "corrections": session.corrections.select_related("by").order_by("pk"),
        "found": session.found_later.select_related("by").order_by("pk"),
        "counts": [
            (piece, number, piece * number * 100)
            for piece in cash_reasons.PIECES
            if (number := session.counts.get(str(piece)))
        ],
        "explains": may(user, Ability.EXPLAIN_CASH, business),
        "reasons": _what_it_was(session),
        "key": uuid.uuid4().hex,
        "fields": fields_of(request),
        "verdict": verdict_of(session),
        "is_good": verdict_of(session) == "it ties",
        "refusal": refusal,
        "refused_at": place,
    }
    return on_paper(request, "shops/z_report.html", context, status=422 if refusal else 200)


def _what_it_was(session: CashSession) -> list[tuple[str, str, tuple[cash_reasons.Reason, ...]]]:
    """Return (heading, side, reasons) for what of a session is not explained yet."""
    short, over = queries.left_to_explain(session)
    sides = (
        (short, "short", cash_reasons.WAS_SHORT),
        (over, "over", cash_reasons.WAS_OVER),
    )
    return [
        (f"KES {format_shillings(left)} {side}", side, reasons)
        for left, side, reasons in sides
        if left > 0
    ]
