"""Reads of cash sessions: which are open, what one holds, what stands on its Z report."""

from collections.abc import Iterable
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from money.cents import line_total
from money.models import Business
from money.queries import balances_of
from shops.models import (
    POSTED,
    CashMove,
    CashSession,
    Drawer,
    Method,
    MoveKind,
    ReceiptBook,
    Sale,
    SaleLine,
    SessionNote,
    Tender,
)


def open_sessions(business: Business) -> QuerySet[CashSession]:
    """Return the open sessions of a business, the oldest first."""
    rows = CashSession.objects.filter(business=business, closed_at=None)
    return rows.select_related("drawer", "opened_by").order_by("pk")


def session_at(business: Business, drawer_id: int | None) -> CashSession | None:
    """Return the open session that a counter works in: the one of its drawer, or the only one."""
    there = list(open_sessions(business))
    mine = [session for session in there if session.drawer_id == drawer_id]
    if mine:
        return mine[0]
    if drawer_id and Drawer.objects.filter(pk=drawer_id, business=business).exists():
        return None
    return there[0] if len(there) == 1 else None


def drawers_of(business: Business) -> QuerySet[Drawer]:
    """Return the drawers of a business, in the order they were made."""
    return Drawer.objects.filter(business=business).order_by("pk")


def expected_cents(session: CashSession) -> int:
    """Return the cents that the books have in the drawer now, or had when it was closed."""
    if session.expected_cents is not None:
        return session.expected_cents
    code = session.drawer.account_code
    return balances_of([session.business], code).get(session.business_id, 0)


def closed_sessions(business: Business) -> QuerySet[CashSession]:
    """Return the sessions with a Z report, the newest first, each with `is_explained`."""
    notes = SessionNote.objects.filter(session=OuterRef("pk"))
    rows = CashSession.objects.filter(business=business, closed_at__isnull=False)
    return (
        rows.select_related("drawer", "opened_by", "closed_by")
        .annotate(is_explained=Exists(notes))
        .order_by("-z_number")
    )


def left_to_explain(session: CashSession) -> tuple[int, int]:
    """Return the cents that a closed session was short of, and over, less what was explained.

    Float and count are two differences: where one was over and the other short, both may be
    explained.
    """
    differences = (session.float_off_cents, session.variance_cents or 0)
    corrected = list(session.corrections.values_list("amount_cents", flat=True))
    found = sum(session.found_later.values_list("amount_cents", flat=True))
    short = -sum(cents for cents in differences if cents < 0)
    over = sum(cents for cents in differences if cents > 0)
    return (
        short - found - sum(cents for cents in corrected if cents > 0),
        over + sum(cents for cents in corrected if cents < 0),
    )


def unexplained(businesses: Iterable[Business]) -> QuerySet[CashSession]:
    """Return closed sessions whose variance, or whose missing count, nobody has explained yet."""
    notes = SessionNote.objects.filter(session=OuterRef("pk"))
    return CashSession.objects.filter(
        ~Exists(notes), business__in=businesses, needs_note=True, closed_at__isnull=False
    )


def figures_of(session: CashSession) -> dict[str, Any]:
    """Return what the Z report says of a session, in cents: taken now, kept for ever.

    The receipt book is locked, so that what gets a number later is the next report's.
    """
    rows = _with_receipt().filter(_finished_in(session) | _finished_late(session))
    sales = rows.aggregate(
        count=Count("pk"),
        cents=Sum("total_cents", default=0),
        vat=Sum("vat_cents", default=0),
        discount=Sum("discount_cents", default=0),
        first=Min("number"),
        last=Max("number"),
    )
    cash = _cash_of(session)
    mpesa, credit = (_tendered(session, one) for one in (Method.MPESA, Method.CREDIT))
    moves = _moves_of(session)
    return {
        "sales": sales["count"],
        "sales_cents": sales["cents"],
        "vat_cents": sales["vat"],
        "first_receipt": sales["first"],
        "last_receipt": sales["last"],
        "cash": cash["count"],
        "cash_cents": cash["cents"] + cash["rounding"],
        "rounding_cents": cash["rounding"],
        "mpesa": mpesa["count"],
        "mpesa_cents": mpesa["cents"],
        "credit": credit["count"],
        "credit_cents": credit["cents"],
        "discount_cents": sales["discount"],
        "below_cents": _below_cents(rows.values("pk")),
        "refunded_cents": session.refund_tenders.aggregate(
            cents=Sum(F("amount_cents") + F("rounding_cents"), default=0)
        )["cents"],
        "given_back_cents": given_back_cents(session),
        "received_cents": _received_cents(session),
        "paid_in_cents": moves[MoveKind.PAY_IN],
        "paid_out_cents": moves[MoveKind.PAY_OUT],
        "dropped_cents": moves[MoveKind.DROP],
        "banked_cents": moves[MoveKind.BANK],
        "open_sales": Sale.objects.filter(session=session, ended_at=None).count(),
        "receipts_until": _last_receipt(session.business),
    }


def _below_cents(sales: QuerySet[Any]) -> int:
    """Return the cents that these sales would have cost more at the prices of the list."""
    rows = SaleLine.objects.filter(sale__in=sales, list_price_cents__isnull=False)
    lines = rows.values_list("list_price_cents", "price_cents", "quantity_milli")
    return sum(
        line_total(listed or 0, milli) - line_total(cents, milli) for listed, cents, milli in lines
    )


def _with_receipt() -> QuerySet[Any]:
    """Return sales with a receipt, each with `done_in`: the session of the cash that finished it.

    None where M-Pesa did, or credit.
    """
    last = Tender.objects.filter(sale=OuterRef("pk"), taken_at=OuterRef("ended_at"))
    done_in = Subquery(last.order_by("-pk").values("session")[:1])
    return Sale.objects.filter(state__in=POSTED).annotate(done_in=done_in)


def _finished_in(session: CashSession) -> Q:
    """Find the sales of a session: where cash finished one it is that drawer's, not the other's.

    Else it is one of the session that it was rung up in.
    """
    here = Q(done_in=session.pk) | Q(session=session, done_in=None)
    return here & Q(ended_at__gte=session.opened_at)


def _finished_late(session: CashSession) -> Q:
    """Find sales that M-Pesa or credit finished when their session had its report already.

    They stand on the next report of that drawer.
    """
    before = _report_before(session)
    until = _receipts_until(before) if before else None
    if until is None:
        return Q(pk__in=())
    return Q(
        done_in=None,
        session__drawer=session.drawer_id,
        session__lt=session.pk,
        number__gt=until,
    )


def _report_before(session: CashSession) -> CashSession | None:
    rows = CashSession.objects.filter(drawer=session.drawer_id, pk__lt=session.pk)
    return rows.filter(closed_at__isnull=False).order_by("-pk").first()


def _receipts_until(report: CashSession) -> int | None:
    """Return the last receipt that there was at a report; None where it is too old to say so."""
    until: int | None = (report.figures or {}).get("receipts_until")
    return until


def _last_receipt(business: Business) -> int:
    rows = ReceiptBook.objects.filter(business=business)
    return rows.values_list("last_number", flat=True).first() or 0


def known_cents(session: CashSession) -> int:
    """Return the cents that float, sales and moves leave in the drawer, by their own rows."""
    cash, moves = _cash_of(session), _moves_of(session)
    out = moves[MoveKind.PAY_OUT] + moves[MoveKind.DROP] + moves[MoveKind.BANK]
    out += given_back_cents(session)
    known = session.float_cents + cash["cents"] + cash["rounding"] + moves[MoveKind.PAY_IN]
    return known + _received_cents(session) - out


def given_back_cents(session: CashSession) -> int:
    """Return the cents that a drawer gave back: refunds, and parts of sales that were given up."""
    both = Sum(F("amount_cents") + F("rounding_cents"), default=0)
    refunds = session.refund_tenders.aggregate(cents=both)["cents"]
    return int(refunds + session.tenders_back.aggregate(cents=both)["cents"])


def _received_cents(session: CashSession) -> int:
    """Return the cents that customers paid into a drawer of what they owed."""
    paid = session.customer_payments.aggregate(cents=Sum("amount_cents", default=0))
    return int(paid["cents"])


def _cash_of(session: CashSession) -> dict[str, int]:
    return session.tenders.aggregate(
        count=Count("pk"),
        cents=Sum("amount_cents", default=0),
        rounding=Sum("rounding_cents", default=0),
    )


def _tendered(session: CashSession, method: str) -> dict[str, int]:
    """Return count and cents of what sales of a drawer were settled with, beside cash.

    Each tender stands on one report: the first of its drawer after it was taken, whether its sale
    was finished by then or not.
    """
    finished_here = session.tenders.filter(taken_at=F("sale__ended_at")).values("sale")
    fresh = Q(sale__session=session) | Q(sale__in=finished_here)
    if before := _report_before(session):
        fresh |= _came_after(before)
    live = Tender.objects.filter(
        fresh, sale__business=session.business_id, method=method, taken_back_at=None
    )
    rows = _with_drawer(live).filter(~_reported_unfinished(), drawer=session.drawer_id)
    return rows.aggregate(count=Count("pk"), cents=Sum("amount_cents", default=0))


def _came_after(report: CashSession) -> Q:
    """Find the tenders that came after a report, by the clock.

    Of what finished a sale its receipt says so: a clock that is read before the receipt book is
    locked says now and then that what waited for the other came first.
    """
    later = Q(taken_at__gt=report.closed_at)
    until = _receipts_until(report)
    if until is None:
        return later
    unfinished = Q(sale__number=None) | Q(sale__number__gt=until)
    paid_again = Q(taken_at__gt=F("sale__ended_at"))
    finisher = Q(sale__number__gt=until, taken_at=F("sale__ended_at"))
    return later & (unfinished | paid_again) | finisher


def _with_drawer(tenders: QuerySet[Tender]) -> QuerySet[Any]:
    """Return tenders, each with the id of the `drawer` of its sale: whose cash finished it.

    Where M-Pesa did, or credit, or nothing yet, it is the one that the sale was rung up at.
    """
    last = Tender.objects.filter(sale=OuterRef("sale"), taken_at=OuterRef("sale__ended_at"))
    finisher = Subquery(last.order_by("-pk").values("session__drawer")[:1])
    rung_up_at = F("sale__session__drawer")
    drawer = Coalesce(finisher, rung_up_at, output_field=BigIntegerField())
    return tenders.annotate(drawer=drawer)


def _reported_unfinished() -> Exists:
    """Tell of a tender whether a report had it while its sale was open still.

    That was of the drawer that the sale was rung up at, also where another finished it later.
    """
    reports = CashSession.objects.filter(
        drawer=OuterRef("sale__session__drawer"),
        closed_at__gte=OuterRef("taken_at"),
        closed_at__lt=OuterRef("sale__ended_at"),
    )
    return Exists(reports)


def _moves_of(session: CashSession) -> dict[str, int]:
    rows = CashMove.objects.filter(session=session).values_list("kind")
    sums = dict(rows.annotate(cents=Sum("amount_cents")).order_by())
    return {kind: sums.get(kind, 0) for kind in MoveKind.values}
