"""The cash pages: the float counted in, cash that moves, the blind count, and Z reports."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.access import Ability
from money.actions.papers import BadPaper
from money.actions.posting import NoBook
from money.cents import NotAnAmount, parse_shillings
from money.chart import Code
from money.models import Business
from money.queries import balances_of
from money.views.doors import hand_out, paper_of
from shops import cash_reasons
from shops.actions.cash_moves import bank_safe, move_cash
from shops.actions.drawers import (
    DrawerRefused,
    add_drawer,
    close_session,
    first_drawer,
    open_session,
)
from shops.actions.items import BadStock
from shops.actions.supplier_cash import pay_named
from shops.forms_cash import FIELD, read_count, read_drawer, read_key, read_left, read_move
from shops.models import CashMove, CashSession, Drawer, FloatSource
from shops.queries import cash as queries
from shops.queries.purchases import owed_names
from shops.views.doors import fields_of, for_those_who, may, user_of
from shops.z_text import name_of

REFUSALS = (BadPaper, BadStock, NotAnAmount, NoBook, cash_reasons.BadCount, DrawerRefused)
DRAWER_COOKIE = "duka_drawer"
DRAWER_DAYS = 400
REPORTS = 30
SEERS = (Ability.HANDLE_CASH, Ability.SEE_CASH)


@for_those_who(*SEERS)
@require_GET
def cash(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the drawers: what is open, what moved, and the newest Z reports."""
    return _page(request, business)


@for_those_who(Ability.HANDLE_CASH)
@require_http_methods(["GET", "POST"])
def open_drawer(request: HttpRequest, business: Business, drawer_id: int) -> HttpResponse:
    """Count the float in: the session begins."""
    drawer = get_object_or_404(Drawer, pk=drawer_id, business=business)
    fields = fields_of(request)

    def act() -> None:
        open_session(
            drawer_id=drawer.pk,
            business=business,
            key=read_key(fields),
            counts=read_count(fields),
            source=fields.get("source", ""),
            by=user_of(request),
            now=timezone.now(),
        )

    refusal = refusal_of(act) if request.method == "POST" else None
    if request.method == "GET" or refusal:
        has_past = CashSession.objects.filter(drawer=drawer).exists()
        context = _count_context(business, drawer, fields, refusal)
        context |= {"sources": FloatSource.choices, "has_past": has_past}
        return render(request, "shops/cash_open.html", context, status=422 if refusal else 200)
    response = redirect("shops:counter", business.slug)
    return _remember(response, drawer)


@for_those_who(Ability.HANDLE_CASH)
@require_POST
def work_here(request: HttpRequest, business: Business, drawer_id: int) -> HttpResponse:
    """Make an open drawer the one that this browser's cash goes into."""
    drawer = get_object_or_404(Drawer, pk=drawer_id, business=business)
    messages.success(request, f"Cash taken here goes into {drawer} now.")
    return _remember(redirect("shops:counter", business.slug), drawer)


@for_those_who(Ability.HANDLE_CASH)
@require_http_methods(["GET", "POST"])
def count(request: HttpRequest, business: Business, session_id: int) -> HttpResponse:
    """Count the drawer, blind: what it should hold is shown after, on the Z report."""
    session = _session(business, session_id)
    fields = fields_of(request)

    def act() -> None:
        close_session(
            session_id=session.pk,
            business=business,
            counts=read_count(fields),
            left_cents=read_left(fields),
            by=user_of(request),
            now=timezone.now(),
        )

    if not session.is_open:
        return _after_count(request, business, session)
    refusal = refusal_of(act) if request.method == "POST" else None
    if request.method == "GET" or refusal:
        context = _count_context(business, session.drawer, fields, refusal)
        context |= {"session": session, "left": fields.get("left", "")}
        return render(request, "shops/cash_count.html", context, status=422 if refusal else 200)
    return _after_count(request, business, _session(business, session_id))


def _after_count(request: HttpRequest, business: Business, session: CashSession) -> HttpResponse:
    """Go to the Z report; who came second learns that another one's count was taken."""
    user = user_of(request)
    if session.closed_by_id != user.pk:
        name = name_of(session.closed_by)
        messages.warning(request, f"{session.drawer} was closed before, by {name}.")
        if not may(user, Ability.SEE_CASH, business):
            return redirect("cash:cash", business.slug)
    return redirect("cash:z", business.slug, session.z_number)


@for_those_who(Ability.HANDLE_CASH)
@require_POST
def move(request: HttpRequest, business: Business, session_id: int) -> HttpResponse:
    """Pay in, pay out, or take cash to the safe or the bank."""
    session, fields = _session(business, session_id), fields_of(request)

    def act() -> None:
        wish = read_move(fields, paper_of(request))
        by, now = user_of(request), timezone.now()
        if wish.reason == cash_reasons.TO_SUPPLIER.code:
            name = fields.get("supplier", "")
            pay_named(
                session_id=session.pk, business=business, name=name, wish=wish, by=by, now=now
            )
            return
        move_cash(session_id=session.pk, business=business, wish=wish, by=by, now=now)

    return _act(request, business, act, "Written down, and posted.", f"move-{session.pk}")


@for_those_who(*SEERS)
@require_GET
def paper(request: HttpRequest, business: Business, move_id: int) -> HttpResponse:
    """Hand out the paper behind cash that moved."""
    rows = CashMove.objects.filter(session__business=business).select_related("paper")
    kept = get_object_or_404(rows, pk=move_id).paper
    if kept is None:
        raise Http404
    return hand_out(kept)


@for_those_who(Ability.MANAGE)
@require_POST
def new_drawer(request: HttpRequest, business: Business) -> HttpResponse:
    """Add a drawer, with an account of its own."""

    def act() -> None:
        add_drawer(business=business, name=fields_of(request).get("name", ""))

    return _act(request, business, act, "There is one more drawer.", "drawer")


@for_those_who(Ability.EXPLAIN_CASH)
@require_POST
def bank(request: HttpRequest, business: Business) -> HttpResponse:
    """Carry cash from the safe to the bank."""
    fields = fields_of(request)

    def act() -> None:
        bank_safe(
            business=business,
            key=read_key(fields),
            cents=parse_shillings(fields.get("amount", "")),
            slip=fields.get("slip", ""),
            by=user_of(request),
            now=timezone.now(),
        )

    return _act(request, business, act, "Banked, and posted.", "bank")


def drawer_of_browser(request: HttpRequest) -> int | None:
    """Return the drawer that this browser's cash goes into, where it was said."""
    return read_drawer(request.COOKIES.get(DRAWER_COOKIE, ""))


def _remember(response: HttpResponse, drawer: Drawer) -> HttpResponse:
    """Keep the drawer in the browser; the action checks that it is open and of the business."""
    response.set_cookie(
        DRAWER_COOKIE,
        str(drawer.pk),
        max_age=DRAWER_DAYS * 86_400,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _session(business: Business, session_id: int) -> CashSession:
    rows = CashSession.objects.select_related("drawer", "business", "opened_by", "closed_by")
    return get_object_or_404(rows, pk=session_id, business=business)


def refusal_of(act: Callable[[], None]) -> Exception | None:
    try:
        act()
    except REFUSALS as refusal:
        return refusal
    return None


def _act(
    request: HttpRequest,
    business: Business,
    act: Callable[[], None],
    done: str,
    place: str,
) -> HttpResponse:
    if refusal := refusal_of(act):
        return _page(request, business, refusal, place)
    messages.success(request, done)
    return redirect("cash:cash", business.slug)


def _count_context(
    business: Business, drawer: Drawer, fields: Mapping[str, str], refusal: Exception | None
) -> dict[str, Any]:
    def typed(pieces: tuple[int, ...]) -> list[tuple[int, str]]:
        return [(piece, fields.get(f"{FIELD}{piece}", "")) for piece in pieces]

    return {
        "business": business,
        "drawer": drawer,
        "grids": [
            ("Notes", typed(cash_reasons.NOTES)),
            ("Coins", typed(cash_reasons.COINS)),
        ],
        "key": fields.get("key") or uuid.uuid4().hex,
        "source": fields.get("source", ""),
        "refusal": refusal,
    }


def _page(
    request: HttpRequest,
    business: Business,
    refusal: Exception | None = None,
    place: str = "",
) -> HttpResponse:
    user, fields = user_of(request), fields_of(request)
    sees_expected = may(user, Ability.SEE_EXPECTED_CASH, business)
    handles = may(user, Ability.HANDLE_CASH, business)
    if handles:
        first_drawer(business)
    reports = queries.closed_sessions(business)
    if not may(user, Ability.SEE_CASH, business):
        reports = reports.filter(closed_by=user)
    context = {
        "business": business,
        "rows": _drawer_rows(request, business, place, sees_expected=sees_expected),
        "reports": reports[:REPORTS],
        "handles": handles,
        "explains": may(user, Ability.EXPLAIN_CASH, business),
        "manages": may(user, Ability.MANAGE, business),
        "sees_cash": may(user, Ability.SEE_CASH, business),
        "sees_expected": sees_expected,
        "owed_suppliers": owed_names(business) if handles else (),
        "safe_cents": balances_of([business], Code.SAFE).get(business.pk, 0),
        "reasons": [
            ("Pay out", "out", cash_reasons.BY_KIND["out"]),
            ("Take away", "drop", cash_reasons.DROP),
            ("Take away", "bank", cash_reasons.BANK),
            ("Pay in", "in", cash_reasons.PAY_IN),
        ],
        "key": uuid.uuid4().hex,
        "fields": fields,
        "had_paper": bool(request.FILES),
        "refusal": refusal,
        "refused_at": place,
    }
    return render(request, "shops/cash.html", context, status=422 if refusal else 200)


def _drawer_rows(
    request: HttpRequest, business: Business, place: str, *, sees_expected: bool
) -> list[dict[str, Any]]:
    """Return what the page shows of each drawer, this browser's own first."""
    sessions = {session.drawer_id: session for session in queries.open_sessions(business)}
    here = queries.session_at(business, drawer_of_browser(request))
    fields = fields_of(request)
    rows = []
    for drawer in queries.drawers_of(business):
        session = sessions.get(drawer.pk)
        own_place = f"move-{session.pk}" if session else ""
        is_refused = bool(place) and place == own_place
        is_seen = session is not None and sees_expected
        rows.append(
            {
                "drawer": drawer,
                "session": session,
                "is_mine": session is not None and session == here,
                "moves": session.moves.select_related("by").order_by("pk") if session else [],
                "place": own_place,
                "typed": fields if is_refused else {},
                "expected_cents": queries.expected_cents(session) if session and is_seen else None,
            }
        )
    return sorted(rows, key=lambda row: not row["is_mine"])
