"""Whether drawers, safe and Z reports agree with the books. Reads only, a few statements.

What a session, its moves, its count and its sales posted to a drawer's account is what their rows
add up to, and likewise for the safe. Journals on these accounts stand beside that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Substr

from money.cents import format_shillings
from money.chart import Code
from money.models import Business, Entry, Line
from money.snapshot import snapshot
from money.verification import Finding
from shops.cash_keys import OF_DRAWERS, OF_SAFE
from shops.models import (
    CashMove,
    CashSession,
    CustomerPayment,
    FloatSource,
    Method,
    MoveKind,
    ReceiptBook,
    RefundTender,
    SafeBanking,
    SessionCorrection,
    Tender,
)

MOST_NAMED = 20
SIGNED = Case(When(kind=MoveKind.PAY_IN, then=F("amount_cents")), default=-F("amount_cents"))
# Business id and account code -> cents.
Sums = dict[tuple[int, str], int]


def verify_cash() -> list[Finding]:
    """Return what does not tie between cash sessions and the books, MOST_NAMED of a kind."""
    with snapshot():
        slugs = dict(Business.objects.values_list("pk", "slug"))
        return [
            *_differences(slugs, _drawer_rows(), _posted(OF_DRAWERS, Code.CASH_DRAWER)),
            *_differences(slugs, _safe_rows(), _posted(OF_SAFE, Code.SAFE)),
            *_sessions_that_do_not_add_up(),
            *_z_numbers(slugs),
            *_papers(),
        ]


def _posted(prefixes: Iterable[str], parent: str) -> Sums:
    """Return what entries of these keys left on the account and those under it."""
    is_a_flow = reduce(or_, (Q(entry__key__startswith=prefix) for prefix in prefixes))
    is_one = Q(account__code=parent) | Q(account__code__startswith=f"{parent}.")
    rows = Line.objects.filter(is_a_flow, is_one).order_by()
    sums = rows.values_list("account__business_id", "account__code")
    return {(b, code): cents for b, code, cents in sums.annotate(cents=Sum("amount_cents"))}


def _drawer_rows() -> Sums:
    """Return what each drawer holds by its sessions, beside what it held before them."""
    sums: Sums = defaultdict(int)
    sessions = CashSession.objects.order_by().values_list("business_id", "drawer__account_code")
    begun = sessions.annotate(cents=Sum(F("float_cents") - F("found_cents")))
    ended = sessions.filter(counted_cents__isnull=False).annotate(
        cents=Sum(F("variance_cents") - F("counted_cents") + F("left_cents"))
    )
    cash = Tender.objects.filter(method=Method.CASH).order_by()
    tendered = cash.values_list(
        "sale__business_id", Coalesce("session__drawer__account_code", Value(Code.CASH_DRAWER))
    ).annotate(cents=Sum(F("amount_cents") + F("rounding_cents")))
    moved = (
        CashMove.objects.order_by()
        .values_list("session__business_id", "session__drawer__account_code")
        .annotate(cents=Sum(SIGNED))
    )
    both = F("amount_cents") + F("rounding_cents")
    back = (
        Tender.objects.filter(back_session__isnull=False)
        .order_by()
        .values_list("sale__business_id", "back_session__drawer__account_code")
        .annotate(cents=-Sum(both))
    )
    refunded = (
        RefundTender.objects.filter(session__isnull=False)
        .order_by()
        .values_list("refund__business_id", "session__drawer__account_code")
        .annotate(cents=-Sum(both))
    )
    received = (
        CustomerPayment.objects.order_by()
        .values_list("customer__business_id", "session__drawer__account_code")
        .annotate(cents=Sum("amount_cents"))
    )
    for rows in (begun, ended, tendered, moved, back, refunded, received):
        for business_id, code, cents in rows:
            sums[business_id, code] += cents
    return sums


def _safe_rows() -> Sums:
    """Return what floats, counts, moves, corrections and bankings did to each safe."""
    sums: Sums = defaultdict(int)
    sessions = CashSession.objects.order_by().values_list("business_id")
    moves = CashMove.objects.filter(account_code=Code.SAFE).order_by()
    fixes = SessionCorrection.objects.filter(account_code=Code.SAFE).order_by()
    for rows in (
        sessions.filter(float_source=FloatSource.SAFE).annotate(
            cents=Sum(F("found_cents") - F("float_cents"))
        ),
        sessions.filter(counted_cents__isnull=False).annotate(
            cents=Sum(F("counted_cents") - F("left_cents"))
        ),
        moves.values_list("session__business_id").annotate(cents=-Sum(SIGNED)),
        fixes.values_list("session__business_id").annotate(cents=Sum("amount_cents")),
        SafeBanking.objects.order_by()
        .values_list("business_id")
        .annotate(cents=-Sum("amount_cents")),
    ):
        for business_id, cents in rows:
            sums[business_id, Code.SAFE] += cents
    return sums


def _differences(slugs: dict[int, str], rows: Sums, posted: Sums) -> Iterator[Finding]:
    for business_id, code in sorted(rows.keys() | posted.keys()):
        held, said = rows.get((business_id, code), 0), posted.get((business_id, code), 0)
        if held != said:
            yield Finding(
                slugs[business_id],
                0,
                f"cash sessions moved KES {format_shillings(held)} on account {code}, the books"
                f" say KES {format_shillings(said)}",
            )


def _sessions_that_do_not_add_up() -> Iterator[Finding]:
    """Closed sessions whose expected cash is not float, sales, moves and what stood beside."""
    both = Sum(F("amount_cents") + F("rounding_cents"))
    parts = (
        (Tender.objects.all(), "session", both),
        (Tender.objects.all(), "back_session", -both),
        (RefundTender.objects.all(), "session", -both),
        (CustomerPayment.objects.all(), "session", Sum("amount_cents")),
        (CashMove.objects.all(), "session", Sum(SIGNED)),
    )
    known = F("float_cents") + F("other_cents")
    for every, session, cents in parts:
        of_it: QuerySet[Any] = every.filter(**{session: OuterRef("pk")}).order_by()
        sums = of_it.values(session).annotate(cents=cents).values("cents")
        known += Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)
    rows = CashSession.objects.filter(closed_at__isnull=False).annotate(known=known)
    wrong = rows.exclude(expected_cents=F("known")).order_by("pk")
    for slug, number in wrong.values_list("business__slug", "z_number")[:MOST_NAMED]:
        yield Finding(slug, 0, f"Z {number}: what was expected is not what its rows add up to")


def _z_numbers(slugs: dict[int, str]) -> Iterator[Finding]:
    """Businesses whose Z reports have a gap, or a counter that says another number."""
    last = dict(ReceiptBook.objects.values_list("business_id", "last_z_number"))
    rows = CashSession.objects.filter(closed_at__isnull=False).order_by()
    there = {
        business_id: (count, most)
        for business_id, count, most in rows.values_list("business_id").annotate(
            count=Count("pk"), most=Max("z_number")
        )
    }
    for business_id in sorted(last.keys() | there.keys()):
        count, most = there.get(business_id, (0, 0))
        if not count == most == last.get(business_id, 0):
            yield Finding(slugs[business_id], 0, f"Z reports have a gap: {count} up to {most}")


def _papers() -> Iterator[Finding]:
    """Moves whose entry names another paper than they have."""
    key = Concat(Value("cashmove:"), Cast(OuterRef("pk"), CharField()))
    source = Entry.objects.filter(key=key).values("source")[:1]
    rows = CashMove.objects.filter(paper__isnull=False).annotate(
        said=Subquery(source),
        stamp=Concat(
            Value("cash move "),
            Cast("pk", CharField()),
            Value(" file "),
            Substr("paper__sha256", 1, 32),
        ),
    )
    wrong = rows.exclude(said=F("stamp")).order_by("pk")
    for slug, pk in wrong.values_list("session__business__slug", "pk")[:MOST_NAMED]:
        yield Finding(slug, 0, f"cash move {pk} was posted with another paper than it has")
