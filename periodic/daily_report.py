"""The owner's daily report: takings, cash, unmatched M-Pesa, head hashes, as text. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from money.cents import format_shillings
from money.chart import Code
from money.models import Book, Business
from money.queries import balances_of, takings_on
from money.snapshot import snapshot
from mpesa.queries import inbox_counts, inbox_of
from shops.cash_keys import OF_SESSIONS

WIDTH = 46
GROUP, GROUPS_IN_A_ROW = 8, 4
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class DayOfBusiness:
    """One business's day in cents, and its book's head; the balances are those of now."""

    slug: str
    name: str
    cash_cents: int
    mpesa_cents: int
    drawer_cents: int
    unmatched: int
    unmatched_cents: int
    last_number: int
    head_hash: str

    @property
    def takings_cents(self) -> int:
        return self.cash_cents + self.mpesa_cents


def days_of_businesses(businesses: Sequence[Business], day: date) -> list[DayOfBusiness]:
    """Return the day of each business that has a book, of one moment of the books."""
    with snapshot():
        cash = takings_on(businesses, Code.CASH_DRAWER, day, but=OF_SESSIONS)
        mpesa = takings_on(businesses, Code.MPESA_TILL, day)
        drawer = balances_of(businesses, Code.CASH_DRAWER)
        counts, unmatched = inbox_counts(businesses), inbox_of(businesses)
        books = {book.pk: book for book in Book.objects.filter(business__in=businesses)}
    return [
        DayOfBusiness(
            slug=one.slug,
            name=one.name,
            cash_cents=cash.get(one.pk, 0),
            mpesa_cents=mpesa.get(one.pk, 0),
            drawer_cents=drawer.get(one.pk, 0),
            unmatched=counts.get(one.pk, 0),
            unmatched_cents=unmatched.get(one.pk, 0),
            last_number=books[one.pk].last_number,
            head_hash=books[one.pk].head_hash,
        )
        for one in businesses
        if one.pk in books
    ]


def names_of(rows: Sequence[DayOfBusiness]) -> str:
    """Return the names of the businesses in a line; of many the first and how many more."""
    names = ", ".join(row.name for row in rows[:MOST_NAMED])
    return f"{names} and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else names


def text_of(rows: Sequence[DayOfBusiness], day: date, now: datetime) -> str:
    """Return the report as plain text for a mail."""
    lines = [
        "DAILY REPORT",
        f"{day:%A, %-d %B %Y}",
        f"as the books were on {timezone.localtime(now):%-d %B %Y, %H:%M}",
    ]
    for row in rows:
        lines += ["", row.name.upper(), *_figures(row)]
    if len(rows) > 1:
        lines += ["", "ALL", *_together(rows)]
    return "\n".join([*lines, "", *_heads(rows)]) + "\n"


def groups_of(head_hash: str) -> list[str]:
    """Return a hash in lines of short groups, to compare by eye."""
    groups = [head_hash[at : at + GROUP] for at in range(0, len(head_hash), GROUP)]
    return [
        " ".join(groups[at : at + GROUPS_IN_A_ROW]) for at in range(0, len(groups), GROUPS_IN_A_ROW)
    ]


def _figures(row: DayOfBusiness) -> list[str]:
    return [
        _line("Cash taken", row.cash_cents),
        _line("M-Pesa taken", row.mpesa_cents),
        _line("Together", row.takings_cents),
        _line("Cash in the drawer, by the books", row.drawer_cents),
        _line(f"M-Pesa unmatched ({row.unmatched})", row.unmatched_cents),
    ]


def _together(rows: Sequence[DayOfBusiness]) -> list[str]:
    return [
        _line("Cash taken", sum(row.cash_cents for row in rows)),
        _line("M-Pesa taken", sum(row.mpesa_cents for row in rows)),
        _line("Together", sum(row.takings_cents for row in rows)),
        _line("M-Pesa unmatched", sum(row.unmatched_cents for row in rows)),
    ]


def _heads(rows: Sequence[DayOfBusiness]) -> list[str]:
    """Return the head of each chain that has one, to compare by eye, and the proving command."""
    begun = [row for row in rows if row.last_number]
    if not begun:
        return []
    lines = ["HEADS OF THE BOOKS"]
    for row in begun:
        lines.append(f"{row.name}, entry {row.last_number}")
        lines += [f"  {line}" for line in groups_of(row.head_hash)]
    against = " ".join(f"--against {row.head_hash}" for row in begun)
    return [
        *lines,
        "Keep this mail. Later it proves that nothing",
        "up to these entries was changed:",
        f"python manage.py verify_books {against}",
    ]


def _line(name: str, cents: int) -> str:
    figure = format_shillings(cents)
    room = WIDTH - len(figure) - 1
    return f"{name[:room]:<{room}} {figure}"
