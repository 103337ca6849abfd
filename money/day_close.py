"""The document of a closed day: takings, sales, and the anchor that leaves the machine.

`day_document` reads, `text_of` writes it as plain text for a mail or a printer. Pure but for reads.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from money.cents import format_shillings
from money.chart import CASH_CODES, Kind, parent_of
from money.models import Business, Entry, Line
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
    def anchor_groups(self) -> list[str]:
        """Return the anchor in groups of eight, to be compared by eye."""
        return [self.anchor[at : at + GROUP] for at in range(0, len(self.anchor), GROUP)]


def day_document(*, business: Business, day: date) -> DayDocument:
    """Return the document of a day, closed or not, of one moment of the books."""
    with snapshot():
        rows = _moved(business, day)
        counts = Entry.objects.filter(business=business, occurred_on=day).aggregate(
            entries=Count("pk"),
            first=Min("number"),
            last=Max("number"),
            late=Count("pk", filter=Q(late_for__isnull=False)),
        )
        event = anchor_of(business, day)
    actor = event.actor if event else None
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
        anchor=event.hash if event else "",
        closed_at=event.at if event else None,
        closed_by=(actor.get_full_name() or actor.username) if actor else "",
    )


def _moved(business: Business, day: date) -> list[tuple[str, Taken]]:
    """Return (kind, what it moved) of each account with lines on the day, by code."""
    debits = Sum("amount_cents", filter=Q(amount_cents__gt=0), default=0)
    rows = (
        Line.objects.filter(account__business=business, occurred_on=day)
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
        "TAKINGS, KES",
        *(_row(f"{row.code} {row.name}", row.net_cents) for row in document.takings),
        _row("Together", document.takings_cents),
        "",
        "SALES, KES",
        *(_row(f"{row.code} {row.name}", -row.net_cents) for row in document.sales),
        _row("Together", document.sales_cents),
        "",
        _numbers(document),
        *([f"{document.late} of them are late, of days closed before."] if document.late else []),
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


def _anchor(document: DayDocument) -> list[str]:
    if not document.anchor or document.closed_at is None:
        return ["This day is not closed yet."]
    groups = document.anchor_groups
    by = f" by {document.closed_by}" if document.closed_by else ""
    return [
        f"Closed {timezone.localtime(document.closed_at):%-d %B %Y, %H:%M}{by}",
        "ANCHOR",
        *(
            "  " + " ".join(groups[at : at + GROUPS_IN_A_ROW])
            for at in range(0, len(groups), GROUPS_IN_A_ROW)
        ),
        "Keep this page. Later it proves that nothing",
        "up to this day was changed:",
        f"python manage.py verify_books --against {document.anchor}",
    ]
