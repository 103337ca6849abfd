"""Daily figures: taken down each night for the day that is over, and for days that were missed."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Sum

from money.chart import Code, Kind
from money.models import AccountKind, Business, EntryKind, Line
from money.snapshot import snapshot
from money.statements.figures import balances, by_code
from periodic.models import DailyFigures

# What a missed night leaves is caught up so far back; before that the statements say it.
MOST_DAYS = 31
STOCK = "14"
# The field, and the accounts (with those under them) whose balance it is; credits turn round.
BALANCES: Mapping[str, tuple[tuple[str, ...], int]] = {
    "cash_cents": ((Code.CASH_DRAWER, Code.SAFE, "1020"), 1),
    "mpesa_cents": ((Code.MPESA_TILL,), 1),
    "bank_cents": ((Code.BANK,), 1),
    "stock_cents": ((STOCK,), 1),
    "customers_cents": ((Code.RECEIVABLE,), 1),
    "suppliers_cents": ((Code.SUPPLIERS,), -1),
    "unidentified_cents": ((Code.UNIDENTIFIED,), -1),
}
RESULT = (AccountKind.INCOME, AccountKind.EXPENSE)


def take_figures(*, business: Business, day: date, now: datetime) -> int:
    """Take down each day up to `day` that is not yet there; return how many. Twice is once.

    A day's balances are those at its end: all that is dated up to it.
    """
    first = _first_day(business, day)
    taken = 0
    while first <= day:
        with snapshot():
            facts = _figures(business, first)
        with transaction.atomic():
            _, is_new = DailyFigures.objects.get_or_create(
                business=business, day=first, defaults=facts | {"taken_at": now}
            )
        taken += is_new
        first += timedelta(days=1)
    return taken


def _first_day(business: Business, day: date) -> date:
    last = DailyFigures.objects.filter(business=business).aggregate(last=Max("day"))["last"]
    furthest = day - timedelta(days=MOST_DAYS - 1)
    return max(last + timedelta(days=1), furthest) if last else day


def _figures(business: Business, day: date) -> dict[str, int]:
    of_day = Line.objects.filter(
        account__business=business, occurred_on=day, account__kind__in=RESULT
    ).exclude(entry__kind=EntryKind.CLOSING)
    kinds = of_day.order_by().values_list("account__kind").annotate(cents=Sum("amount_cents"))
    sums: dict[str, int] = {kind: -cents for kind, cents in kinds}
    held = by_code(balances([business], day))
    return {
        "sales_cents": sums.get(Kind.INCOME, 0),
        "profit_cents": sum(sums.values()),
        **{
            field: sign * sum(cents for code, cents in held.items() if code.startswith(parents))
            for field, (parents, sign) in BALANCES.items()
        },
    }
