"""The document of a closed day: money in and out, sales, and the anchor that leaves the machine.

`day_document` reads, `text_of` writes it as plain text for a mail or a printer. Pure but for reads.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from money.cents import format_shillings
from money.chart import CASH_CODES, Kind, parent_of
from money.models import Business, Entry, EntryKind, Line, PeriodEvent
from money.queries import anchor_of
from money.snapshot import snapshot

WIDTH = 46
GROUP = 8
GROUPS_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Taken:
    """What an account took in and gave out on the day, in cents; both are positive."""

    code: str
    name: str
    in_cents: int
    out_cents: int

    @property
    def net_cents(self) -> int:
        return self.in_cents - self.out_cents


@dataclass(frozen=True, slots=True)
class DayDocument:
    """A day of one business as its books have it. `anchor` is empty while the day is open."""

    business: str
    slug: str
    kra_pin: str
    day: date
    takings: list[Taken]
    sales: list[Taken]
    entries: int
    first_number: int | None
    last_number: int | None
    late: int
    closings: int
    anchor: str
    closed_at: datetime | None
    closed_by: str

    @property
    def takings_cents(self) -> int:
        return sum(row.net_cents for row in self.takings)

    @property
    def sales_cents(self) -> int:
        return -sum(row.net_cents for row in self.sales)

    @property
    def closings_text(self) -> str:
        """Return the sentence about entries that close a year: counted, not shown as sales."""
        if self.closings > 1:
            return f"{self.closings} entries close the year."
        return "1 entry closes the year." if self.closings else ""

    @property
    def anchor_groups(self) -> list[str]:
        """Return the anchor in groups of eight, to be compared by eye."""
        return _groups(self.anchor)


def day_document(*, business: Business, day: date) -> DayDocument:
    """Return the document of a day, closed or not, of one moment of the books."""
    with snapshot():
        rows = _moved(business, day)
        counts = Entry.objects.filter(business=business, occurred_on=day).aggregate(
            entries=Count("pk"),
            first=Min("number"),
            last=Max("number"),
            late=Count("pk", filter=Q(late_for__isnull=False)),
            closings=Count("pk", filter=Q(kind=EntryKind.CLOSING)),
        )
        event = anchor_of(business, day)
    return DayDocument(
        business=business.name,
        slug=business.slug,
        kra_pin=business.tax_person.kra_pin,
        day=day,
        takings=[taken for kind, taken in rows if parent_of(taken.code) in CASH_CODES],
        sales=[taken for kind, taken in rows if kind == Kind.INCOME],
        entries=counts["entries"],
        first_number=counts["first"],
        last_number=counts["last"],
        late=counts["late"],
        closings=counts["closings"],
        anchor=event.hash if event else "",
        closed_at=event.at if event else None,
        closed_by=name_of_actor(event) if event else "",
    )


def _moved(business: Business, day: date) -> list[tuple[str, Taken]]:
    """Return (kind, what it moved) of each account with lines on the day, by code.

    What closed a year is no business of the day.
    """
    debits = Sum("amount_cents", filter=Q(amount_cents__gt=0), default=0)
    rows = (
        Line.objects.filter(account__business=business, occurred_on=day)
        .exclude(entry__kind=EntryKind.CLOSING)
        .values_list("account__kind", "account__code", "account__name")
        .annotate(debits=debits, net=Sum("amount_cents"))
        .order_by("account__code")
    )
    return [(kind, Taken(code, name, ins, ins - net)) for kind, code, name, ins, net in rows]


def text_of(document: DayDocument) -> str:
    """Return the document as plain text, for a mail or a printer."""
    lines = [
        document.business,
        f"PIN {document.kra_pin}",
        f"Day {document.day:%A, %-d %B %Y}",
        "",
        "MONEY IN AND OUT, KES",
        *_money(document),
        "",
        "SALES, KES",
        *(_row(f"{row.code} {row.name}", -row.net_cents) for row in document.sales),
        _row("Together", document.sales_cents),
        "",
        _numbers(document),
        *([f"{document.late} of them are late, of days closed before."] if document.late else []),
        *([document.closings_text] if document.closings else []),
        "",
        *_anchor(document),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, cents: int) -> str:
    figure = format_shillings(cents)
    room = WIDTH - len(figure) - 1
    return f"{name[:room]:<{room}} {figure}"


def _numbers(document: DayDocument) -> str:
    if not document.entries:
        return "No entries in the books on this day."
    return f"Entries {document.entries}, from {document.first_number} to {document.last_number}."


def _money(document: DayDocument) -> list[str]:
    """Return what each money account took in and gave out: a line for its name, one of figures."""
    lines = [_three("In", "Out", "Net")]
    for row in document.takings:
        figures = (row.in_cents, row.out_cents, row.net_cents)
        lines += [f"{row.code} {row.name}"[:WIDTH], _three(*map(format_shillings, figures))]
    return [*lines, _row("Net together", document.takings_cents)]


def _three(*texts: str) -> str:
    return "".join(f"{text:>{WIDTH // 3}}" for text in texts).rjust(WIDTH)


def name_of_actor(event: PeriodEvent) -> str:
    """Return who closed, locked or unlocked; empty where the program did."""
    return (event.actor.get_full_name() or event.actor.username) if event.actor else ""


def anchor_text(anchor: str) -> list[str]:
    """Return the lines of an anchor: groups to compare by eye, and the command that proves it."""
    groups = _groups(anchor)
    return [
        "ANCHOR",
        *(
            "  " + " ".join(groups[at : at + GROUPS_IN_A_ROW])
            for at in range(0, len(groups), GROUPS_IN_A_ROW)
        ),
        "Keep this page. Later it proves that nothing",
        "up to this day was changed:",
        f"python manage.py verify_books --against {anchor}",
    ]


def _groups(anchor: str) -> list[str]:
    return [anchor[at : at + GROUP] for at in range(0, len(anchor), GROUP)]


def _anchor(document: DayDocument) -> list[str]:
    if not document.anchor or document.closed_at is None:
        return ["This day is not closed yet."]
    by = f" by {document.closed_by}" if document.closed_by else ""
    return [
        f"Closed {timezone.localtime(document.closed_at):%-d %B %Y, %H:%M}{by}",
        *anchor_text(document.anchor),
    ]
