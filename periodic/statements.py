"""A statement by its name, with all pages of a ledger in one, and the heads of its books."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from money.calendar import end_of_month
from money.models import Account, Book, Business
from money.report import Period, Report
from money.snapshot import snapshot
from money.statements import STATEMENTS, Page, account_statement, general_ledger, vat_return
from periodic.paper.imprint import Head

LEDGER, ACCOUNT, VAT = "general-ledger", "account-statement", "vat-return"
TITLES = {name: statement.title for name, statement in STATEMENTS.items()} | {
    LEDGER: "General ledger",
    ACCOUNT: "Account statement",
    VAT: "VAT return",
}
LINES_OF_A_PAGE = 5_000
# An Excel sheet holds a million rows; nobody reads so many.
MOST_ROWS = 200_000
_CARRIED, _BROUGHT = "Carried forward", "Brought forward"

Tick = Callable[[int, int], None]


class NotThatStatement(ValueError):
    """There is no such statement of these businesses and days; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which statement is wanted: a name of TITLES, of whom and when.

    `codes` are the accounts of an account statement. `is_everything` says that these are all
    businesses that could owe each other anything. `beside` asks for the period before as well.
    """

    name: str
    businesses: Sequence[Business]
    period: Period
    codes: Sequence[str] = ()
    beside: bool = False
    is_everything: bool = False


def read(asked: Asked, tick: Tick = lambda done, total: None) -> tuple[Report, list[Head]]:
    """Return the statement and the heads of its books, of one moment.

    `tick` gets the rows read so far and 0, as nobody knows how many there are. Raises
    NotThatStatement and BadPeriod.
    """
    if not asked.businesses:
        raise NotThatStatement("There is no business yet to report on.")
    with snapshot():
        businesses: Sequence[Business]
        if asked.name == VAT:
            businesses, report = _vat(asked)
        else:
            businesses, report = asked.businesses, _build(asked, tick)
        return report, heads_of(businesses)


def heads_of(businesses: Sequence[Business]) -> list[Head]:
    """Return the heads of the books of these businesses as they are now, by slug."""
    rows = Book.objects.filter(business__in=businesses).order_by("business__slug")
    return [Head(*row) for row in rows.values_list("business__slug", "last_number", "head_hash")]


def _build(asked: Asked, tick: Tick) -> Report:
    businesses, period = asked.businesses, asked.period
    if asked.name == LEDGER:
        return _whole(
            lambda after: general_ledger(
                businesses=businesses, period=period, after=after, limit=LINES_OF_A_PAGE
            ),
            tick,
        )
    if asked.name == ACCOUNT:
        codes = _known(asked)
        return _whole(
            lambda after: account_statement(
                businesses=businesses,
                codes=codes,
                period=period,
                after=after,
                limit=LINES_OF_A_PAGE,
            ),
            tick,
        )
    if asked.name not in STATEMENTS:
        raise NotThatStatement(
            f"There is no statement {asked.name!r}. There are: {', '.join(sorted(TITLES))}."
        )
    return STATEMENTS[asked.name].build(
        businesses=businesses,
        period=period,
        beside=asked.beside,
        is_everything=asked.is_everything,
    )


def _known(asked: Asked) -> Sequence[str]:
    """Return the codes asked for. Raises NotThatStatement where none is, or one is unknown."""
    if not asked.codes:
        raise NotThatStatement("Name the account of the statement, such as 1000.")
    accounts = Account.objects.filter(business__in=asked.businesses, code__in=asked.codes)
    known = set(accounts.values_list("code", flat=True))
    if missing := [code for code in asked.codes if code not in known]:
        raise NotThatStatement(f"There is no account {missing[0]} in these businesses.")
    return asked.codes


def _vat(asked: Asked) -> tuple[list[Business], Report]:
    """Return the VAT return of a month, of the one tax person of all that is asked for."""
    period = asked.period
    people = {business.tax_person_id: business.tax_person for business in asked.businesses}
    if len(people) > 1:
        raise NotThatStatement("A VAT return is of one tax person: name one of its businesses.")
    if period != Period(period.to_on.replace(day=1), end_of_month(period.to_on)):
        raise NotThatStatement("A VAT return is of one whole month.")
    (person,) = people.values()
    businesses = list(person.businesses.order_by("slug"))
    return businesses, vat_return(tax_person=person, month=period.from_on)


def _whole(build: Callable[[str | None], Page], tick: Tick) -> Report:
    """Return all pages of a ledger as one report: no balance is carried from page to page."""
    page = build(None)
    report = page.report
    while page.next_cursor:
        if len(report.rows) > MOST_ROWS:
            raise NotThatStatement(f"More than {MOST_ROWS:,} rows. Choose a shorter period.")
        tick(len(report.rows), 0)
        page = build(page.next_cursor)
        if _CARRIED in report.rows[-1].cells:
            report.rows.pop()
        rows = page.report.rows
        # An account that goes on has its heading and the balance brought forward once more.
        begun = next((at for at, row in enumerate(rows[:2]) if _BROUGHT in row.cells), -1)
        report.rows += rows[begun + 1 :]
        report.notes = [note for note in page.report.notes if "arried forward" not in note]
    return report
