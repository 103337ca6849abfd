"""Loads the demo's year of books into empty ones, and closes what is over: months and a year."""

from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.utils import timezone

from erp import demo_month
from erp.demo import CASHIER, OWNER
from erp.demo_days import PLANS, Year
from money.actions.periods import close_day, close_year, lock_month
from money.actions.posting import post_many
from money.actions.transfers import move_between
from money.calendar import end_of_month
from money.chart import Code
from money.models import Business, Entry, PeriodEvent, User
from money.queries import balances
from shops.models import CashSession

DAYS = 365
# Whose last month is sold by the product's own actions.
SHOP = "duka"
OPENED = "demo:{slug}:{day}:opening"


def load_year(*, now: datetime, bookkeeper: User, days: int = demo_month.DAYS) -> None:
    """Post the year before today into the demo's books and close it up to the day before yesterday.

    The shop's last `days` are lived through, sale by sale; those before are a few entries each.
    Books in which somebody began to work without it are left alone. Commits a week at a time, so
    no writer waits long; what was begun is finished by the next call.
    """
    slugs = list(PLANS)
    businesses = list(Business.objects.filter(slug__in=slugs).order_by("pk"))
    first = _first_day(businesses, timezone.localdate(now))
    if first is None:
        return
    last = first + timedelta(days=DAYS - 1)
    for business in businesses:
        _post_year(business, first, last, bookkeeper, days)
    _lend(first, last, bookkeeper)
    for business in businesses:
        _close(business, first, last, bookkeeper, now)


def _first_day(businesses: list[Business], today: date) -> date | None:
    """Return where the year begins, None where it is loaded already or is not wanted."""
    entries = Entry.objects.filter(business__in=businesses)
    begun = entries.filter(key__startswith="demo:", key__endswith=":opening").order_by("pk").first()
    if begun is None:
        return None if entries.exists() else today - timedelta(days=DAYS)
    is_closed = PeriodEvent.objects.filter(
        business=businesses[-1], through_on__gte=begun.occurred_on + timedelta(days=DAYS - 2)
    ).exists()
    return None if is_closed else begun.occurred_on


def _post_year(business: Business, first: date, last: date, bookkeeper: User, days: int) -> None:
    year = Year(business, bookkeeper)
    is_shop = business.slug == SHOP
    real_from = last + timedelta(days=1)
    if is_shop:
        # What was interrupted goes on with as many days as it began with.
        real_from = _first_sold(business) or last - timedelta(days=days - 1)
    drafts = year.entries(first, real_from - timedelta(days=1))
    for _, week in groupby(drafts, key=lambda draft: draft.occurred_on.isocalendar()[:2]):
        some = list(week)
        post_many(some, posted_at=_evening(some[-1].occurred_on))
    if is_shop:
        _sell_month(year, real_from, last)


def _first_sold(business: Business) -> date | None:
    """Return the first day that was lived through, if one was begun."""
    rows = CashSession.objects.filter(business=business, key__startswith=f"demo-{SHOP}-")
    return rows.order_by("day").values_list("day", flat=True).first()


def _sell_month(year: Year, first: date, last: date) -> None:
    """Sell the shop's last month day by day, and pay between what a year pays."""
    people = {user.username: user for user in User.objects.filter(username__in=(OWNER, CASHIER))}
    shop = demo_month.shop_of(year.business, people[OWNER], people[CASHIER], last)
    demo_month.begin(shop, first)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        demo_month.live_through(shop, day)
        drafts = year.real_day(day, balances(year.business))
        # What was begun and interrupted is there already: its sums were those of that evening.
        there = Entry.objects.filter(key__startswith=f"demo:{SHOP}:{day}:").exists()
        if drafts and not there:
            post_many(drafts, posted_at=_evening(day))


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(20), timezone.get_default_timezone())


def _lend(first: date, last: date, bookkeeper: User) -> None:
    """Let the water business lend the laundry some cash in its first months."""
    giver, taker = (Business.objects.get(slug=slug) for slug in ("maji", "dobi"))
    for months in range(1, 4):
        day = first + timedelta(days=30 * months)
        if day <= last:
            move_between(
                giver=giver,
                taker=taker,
                giver_code=Code.BANK,
                taker_code=Code.BANK,
                cents=1_500_000,
                occurred_on=day,
                description="Lent to the laundry",
                key=f"demo:{day}",
                actor=bookkeeper,
                posted_at=_evening(last),
            )


def _close(business: Business, first: date, last: date, bookkeeper: User, now: datetime) -> None:
    """Lock the months that were over a month ago, close the financial year that ended, the days."""
    month_end = end_of_month(first)
    while end_of_month(month_end + timedelta(days=1)) < last:
        if month_end.month == business.tax_person.year_ends_month:
            close_year(business=business, year_end=month_end, actor=bookkeeper, at=now)
        else:
            lock_month(business=business, month=month_end, actor=bookkeeper, at=now)
        month_end = end_of_month(month_end + timedelta(days=1))
    close_day(business=business, day=last - timedelta(days=1), actor=bookkeeper, at=now)
