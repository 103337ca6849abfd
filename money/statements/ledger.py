"""The general ledger and the account statement: lines with a running balance, page by page.

A page's opening balance comes from the movements and the lines of the month begun, so that the
page in the middle of seven years costs what the first one costs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from money.cents import format_shillings
from money.chart import parent_of
from money.models import Business
from money.report import (
    EVER,
    NO_LETTER,
    Cell,
    Column,
    Figure,
    Part,
    Period,
    Report,
    Row,
    Style,
    Where,
    account_and_part,
)
from money.snapshot import snapshot
from money.statements.figures import (
    NOTHING,
    ONE_DAY,
    Accounts,
    Turnover,
    accounts_of,
    closings,
    turnovers_through,
)
from money.statements.lines import (
    BadCursor,
    LedgerLine,
    Place,
    moved_on_day,
    places_before,
    read_ledger,
    read_lines,
)
from money.statements.sheet import Sheet, names_of

__all__ = ["FIRST", "MOST_ROWS", "BadCursor", "Page", "account_statement", "general_ledger"]

_CLOSED = (
    "A year was closed into retained earnings in this period. Without that it moved KES {}: the"
    " figure of the profit and loss statement and of the cash flow."
)
_CARRIED = "Brought and carried forward is the balance after the last line of the page before."
# The cursor of the first page.
FIRST = "0"
PAGE_ROWS = 50
# A page is read at once: a long ledger is many pages.
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a ledger. The cursors are short texts that fit an address; None is no such page."""

    report: Report
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(slots=True)
class _Table:
    """The rows of a ledger as they grow, with the columns that this view needs."""

    businesses: dict[int, str]
    names: dict[str, str]
    has_accounts: bool = False
    is_credit: bool = False
    rows: list[Row] = field(default_factory=list)

    @property
    def sign(self) -> int:
        return -1 if self.is_credit else 1

    def columns(self) -> list[Column]:
        titles = ["Day", "Entry"]
        titles += ["Business"] if len(self.businesses) > 1 else []
        titles += ["Account"] if self.has_accounts else []
        titles += ["Description", "Source"]
        balance = "Balance (credit)" if self.is_credit else "Balance"
        return [
            *(Column(title) for title in titles),
            *(Column(title, is_figures=True) for title in ("Debit", "Credit", balance)),
        ]

    def line(self, line: LedgerLine, balance_cents: int) -> None:
        business_id, code = line.key
        cells: list[Cell] = [line.place.occurred_on, str(line.number)]
        cells += [self.businesses[business_id]] if len(self.businesses) > 1 else []
        cells += [f"{code} {self.names[code]}"] if self.has_accounts else []
        cells += [line.text, line.source]
        cells += [
            Figure(line.cents) if line.cents > 0 else None,
            Figure(-line.cents) if line.cents < 0 else None,
            Figure(self.sign * balance_cents),
        ]
        self.rows.append(Row(tuple(cells), entry_id=line.place.entry_id))

    def sum(self, title: str, cells: Sequence[Cell], style: Style = Style.TOTAL) -> None:
        """Add a row with a title where the descriptions are and three cells of figures."""
        texts: list[Cell] = [None] * (len(self.columns()) - 3)
        texts[-2] = title
        self.rows.append(Row((*texts, *cells), style))

    def carry(self, title: str, cents: int) -> None:
        """Add the balance at the edge of a page, which its lines and those before it make."""
        self.sum(title, (None, None, Figure(self.sign * cents)))

    def begin(self, cents: int, where: Where, *, is_begun: bool) -> None:
        """Add the balance before the period of `where`, or that of the page before."""
        if is_begun:
            self.carry("Brought forward", cents)
            return
        before = None if where.period.from_on == EVER else where.period.from_on - ONE_DAY
        made_of = replace(where, from_on=None, to_on=before) if before else None
        self.sum("Opening balance", (None, None, Figure(self.sign * cents, made_of)))

    def heading(self, title: str) -> None:
        self.rows.append(Row((title, *[None] * (len(self.columns()) - 1)), Style.HEADING))

    def end(self, opening: Turnover, closing: Turnover, where: Where) -> None:
        """Add what the whole period moved, and the balance at its end."""
        moved = closing.plus(opening, -1)
        self.sum(
            "Moved in the period",
            (
                Figure(moved.debit_cents, where),
                Figure(moved.credit_cents, where),
                Figure(self.sign * moved.net_cents, where),
            ),
        )
        held = Figure(self.sign * closing.net_cents, replace(where, from_on=None))
        self.sum("Closing balance", (None, None, held), Style.GRAND)


def account_statement(
    *,
    businesses: Sequence[Business],
    codes: Collection[str],
    period: Period,
    letters: str = "",
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> Page:
    """Return the lines of `codes` (and of those under them) as one account, with its balance.

    Serves what a figure is made of: `where.codes`, `where.period`, `where.letters`, over the
    businesses of `where.slug`. Amounts are cents; the balance is debit positive, or credit
    positive where all codes are of liabilities, equity or income. `after` is a cursor of a Page.
    Raises BadCursor.
    """
    limit = _within(limit)
    place = None if after in {None, "", FIRST} else Place.read(after or "", period)
    with snapshot():
        accounts = accounts_of(businesses).under(codes)
        opening, start, closing, moving = _turnovers(accounts, period, place, letters)
        found = read_lines(moving, period, place, limit + 1, letters)
        previous = _previous(moving, period, place, limit, letters)
        closed = _closed_cents(accounts, period, letters)
    table = _Table(
        {business.pk: business.name for business in businesses},
        accounts.names,
        has_accounts=len({code for _, code in accounts.keys.values()}) > 1,
        is_credit=_is_credit(codes),
    )
    lines = found[:limit]
    where = Where(tuple(codes), period.from_on, period.to_on, letters)
    table.begin(start, where, is_begun=place is not None)
    balance = start
    for line in lines:
        balance += line.cents
        table.line(line, balance)
    next_cursor = str(lines[-1].place) if len(found) > limit else None
    if next_cursor:
        table.carry("Carried forward", balance)
    else:
        table.end(opening, closing, where)
    report = _report("account-statement", _title(accounts, codes), businesses, period, table)
    if place or next_cursor:
        report.notes.append(_CARRIED)
    if closed:
        moved = closing.net_cents - opening.net_cents - closed
        report.notes.append(_CLOSED.format(format_shillings(table.sign * moved)))
    return Page(report, next_cursor, previous)


def _within(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))


def _turnovers(
    accounts: Accounts, period: Period, place: Place | None, letters: str
) -> tuple[Turnover, int, Turnover, Accounts]:
    """Return what moved before the period, the balance at a place, what moved by the period's end.

    And the accounts that moved in it: the others need not be asked for lines.
    """
    first, last = period.from_on - ONE_DAY, period.to_on
    before = place.occurred_on - ONE_DAY if place else first
    through = turnovers_through(accounts, {first, before, last}, letters=letters)
    sums = {day: reduce(Turnover.plus, by.values(), NOTHING) for day, by in through.items()}
    start = sums[before].net_cents
    if place and accounts.keys:
        start += moved_on_day(accounts, place, letters)
    moving = {key for key, one in through[last].items() if through[first].get(key) != one}
    return sums[first], start, sums[last], accounts.among(moving)


def _previous(
    accounts: Accounts, period: Period, place: Place | None, limit: int, letters: str
) -> str | None:
    """Return the cursor of the page before the one that follows a place."""
    if place is None:
        return None
    # The lines before are the page before and, where there is one, the last of the page before it.
    beyond = Place(place.occurred_on, place.entry_id, place.line_id + 1)
    places = places_before(accounts, period, beyond, limit + 1, letters)
    return str(places[limit]) if len(places) > limit else FIRST


def _closed_cents(accounts: Accounts, period: Period, letters: str) -> int:
    """Return what closed years moved of these accounts in `period`, debit positive."""
    if not any(code[0] in "3456" for _, code in accounts.keys.values()):
        return 0
    return sum(
        accounts.counted(account_id, turnover).net_cents
        for (account_id, letter), turnover in closings(accounts, period).items()
        if not letters or (letter or NO_LETTER) in letters
    )


def _is_credit(codes: Collection[str]) -> bool:
    """Tell whether the balance is shown credit positive."""
    parts = [account_and_part(code) for code in codes]
    return bool(parts) and all(
        part == Part.CREDITS or (code[:1] in set("234") and part != Part.DEBITS)
        for code, part in parts
    )


def _title(accounts: Accounts, codes: Collection[str]) -> str:
    if len(codes) == 1:
        code, part = account_and_part(next(iter(codes)))
        title = Sheet(accounts.names, []).title(code)
        return f"{title} ({part})" if part else title
    return f"{len(codes)} accounts"


def _report(
    name: str, title: str, businesses: Sequence[Business], period: Period, table: _Table
) -> Report:
    return Report(name, title, names_of(businesses), str(period), table.columns(), table.rows)


def general_ledger(
    *,
    businesses: Sequence[Business],
    period: Period,
    codes: Collection[str] | None = None,
    after: str | None = None,
    limit: int = 500,
) -> Page:
    """Return every account that moved in `period`: its opening, its lines, its closing.

    The same code of several businesses is one account. `limit` counts lines; `after` is a cursor
    of a Page. There is no way back but to the first page. Raises BadCursor.
    """
    limit = _within(limit)
    at_code, place = _ledger_cursor(after, period)
    with snapshot():
        accounts = accounts_of(businesses)
        accounts = accounts if codes is None else accounts.under(codes)
        sums = _moved_codes(accounts, period)
        todo = [code for code in sums if code >= at_code]
        if at_code and at_code not in sums:
            raise BadCursor
        start = _start(accounts, at_code, place) if place else 0
        found = read_ledger(accounts, period, todo, place, limit + 1)
    table = _Table({business.pk: business.name for business in businesses}, accounts.names)
    cursor = _fill(table, period, sums, found, (place, start), limit)
    report = _report("general-ledger", "General ledger", businesses, period, table)
    if cursor or place:
        report.notes.append(_CARRIED)
    return Page(report, cursor, FIRST if at_code else None)


def _ledger_cursor(after: str | None, period: Period) -> tuple[str, Place | None]:
    """Return the code to begin at, and the place in it to begin after."""
    if after in {None, "", FIRST}:
        return "", None
    code, mark, place = (after or "").rpartition("~")
    if not mark or not code:
        raise BadCursor
    return code, Place.read(place, period) if place else None


def _moved_codes(accounts: Accounts, period: Period) -> dict[str, tuple[Turnover, Turnover]]:
    """Return sorted code -> what moved before and by the end of `period`, if it moved in it."""
    first, last = period.from_on - ONE_DAY, period.to_on
    through = turnovers_through(accounts, {first, last})
    sums = dict.fromkeys(sorted({code for _, code in through[last]}), (NOTHING, NOTHING))
    for (business_id, code), turnover in through[last].items():
        before, by_end = sums[code]
        before = before.plus(through[first].get((business_id, code), NOTHING))
        sums[code] = before, by_end.plus(turnover)
    return {code: pair for code, pair in sums.items() if pair[0] != pair[1]}


def _start(accounts: Accounts, code: str, place: Place) -> int:
    """Return the balance of one account of all businesses just after a place."""
    theirs = accounts.where(lambda one: one == code)
    before = place.occurred_on - ONE_DAY
    totals = turnovers_through(theirs, [before])[before]
    return sum(one.net_cents for one in totals.values()) + moved_on_day(theirs, place)


def _fill(
    table: _Table,
    period: Period,
    sums: Mapping[str, tuple[Turnover, Turnover]],
    found: Sequence[LedgerLine],
    begin: tuple[Place | None, int],
    limit: int,
) -> str | None:
    """Add the lines, each account's under its heading; return the cursor of the next page."""
    place, balance = begin
    at_code = ""
    for line, following in zip(found[:limit], [*found[1:], None], strict=False):
        code = line.key[1]
        if code != at_code:
            is_begun = place is not None and not at_code
            where = Where((_alone(code, table.names),), period.from_on, period.to_on)
            table.heading(f"{code} {table.names[code]}")
            balance = balance if is_begun else sums[code][0].net_cents
            table.begin(balance, where, is_begun=is_begun)
            at_code = code
        balance += line.cents
        table.line(line, balance)
        if following is None or following.key[1] != code:
            table.end(*sums[code], where)
    if len(found) <= limit:
        return None
    if found[limit].key[1] != at_code:
        return f"{found[limit].key[1]}~"
    table.carry("Carried forward", balance)
    return f"{at_code}~{found[limit - 1].place}"


def _alone(code: str, names: Collection[str]) -> str:
    """Return the code that means an account without those under it, which stand apart here."""
    has_others = any(parent_of(one) == code != one for one in names)
    return Part.ITSELF.of(code) if has_others else code
