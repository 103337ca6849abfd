"""The balance sheet: what the businesses own, what they owe, and what is the owner's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from money.calendar import financial_year_of
from money.cents import format_shillings
from money.chart import Code, parent_of
from money.models import Book, Business
from money.report import Figure, Period, Report, Style, Where
from money.snapshot import snapshot
from money.statements.figures import (
    ONE_DAY,
    Accounts,
    Key,
    accounts_of,
    balances_through,
    by_code,
    closings,
)
from money.statements.sheet import ASK, Figures, Sheet, names_of, periods_of, starts_with

_NAME, _TITLE = "balance-sheet", "Balance sheet"
_CLOSED = (
    "The financial year is closed: its result stands in retained earnings. The profit and loss"
    " statement still shows it."
)
_OPEN_AGAIN = (
    "The financial year was closed into retained earnings and is unlocked again: close it once"
    " more when it is complete."
)
_TWO_YEARS = (
    "The financial years of these businesses begin on different days, so the results of this year"
    " and of earlier ones are sums without a link: choose one business to see their entries."
)
_is_result = starts_with("4", "5", "6")


@dataclass(frozen=True, slots=True)
class _Results:
    """Income less expenses at a day, not yet in retained earnings: this year's, and earlier ones'.

    `started_on` is the first day of the financial year, None where the businesses' years differ.
    """

    to_on: date
    started_on: date | None
    this_year_cents: int
    earlier_cents: int
    codes: tuple[str, ...]

    def this_year(self) -> Figure:
        where = Where(self.codes, self.started_on, self.to_on) if self.started_on else None
        return Figure(self.this_year_cents, where)

    def earlier(self) -> Figure:
        if self.started_on is None:
            return Figure(self.earlier_cents)
        return Figure(self.earlier_cents, Where(self.codes, None, self.started_on - ONE_DAY))


def balance_sheet(
    *,
    businesses: Sequence[Business],
    period: Period,
    beside: bool = False,
    is_everything: bool = False,
) -> Report:
    """Return Account | balance at the period's end [| at its beginning], in cents.

    Assets, liabilities and equity are positive as a rule. The result of the financial year not
    closed yet stands in equity. `is_everything` says that `businesses` are all of one owner: what
    they owe each other must cancel out then.
    """
    ends = [one.to_on for one in periods_of(period, beside=beside)]
    with snapshot():
        accounts = accounts_of(businesses)
        year_ends = _year_end_months(businesses)
        starts = {end: _year_starts(year_ends, end) for end in ends}
        days = {*ends, *(start - ONE_DAY for by in starts.values() for start in by.values())}
        through = balances_through(accounts, days)
        notes = _notes(accounts, starts[period.to_on], period.to_on)
    sheet = Sheet(
        accounts.names,
        [Figures(f"{end:%-d %b %Y}", None, end, by_code(through[end])) for end in ends],
    )
    results = [_results(through, starts[end], end) for end in ends]
    warnings = _add_rows(sheet, results, is_one=len(businesses) == 1)
    between = sheet.figures[0].sum_of(sheet.codes(_is_between))
    if is_everything and between:
        warnings.append(
            "What the businesses owe each other does not cancel out: account 2900 sums to"
            f" KES {format_shillings(between)}."
        )
    return Report(
        _NAME,
        _TITLE,
        names_of(businesses, is_everything=is_everything),
        f"at {period.to_on:%-d %B %Y}",
        sheet.columns(),
        sheet.rows,
        notes,
        warnings,
    )


def _year_end_months(businesses: Sequence[Business]) -> dict[int, int]:
    rows = Business.objects.filter(pk__in=[business.pk for business in businesses])
    return dict(rows.values_list("pk", "tax_person__year_ends_month"))


def _year_starts(year_ends: Mapping[int, int], day: date) -> dict[int, date]:
    return {pk: financial_year_of(day, month)[0] for pk, month in year_ends.items()}


def _results(
    through: Mapping[date, Mapping[Key, int]], starts: Mapping[int, date], end: date
) -> _Results:
    everything = _result_of(through[end], starts)
    earlier = sum(
        _result_of(through[start - ONE_DAY], [pk for pk, first in starts.items() if first == start])
        for start in set(starts.values())
    )
    codes = sorted({parent_of(code) for _, code in through[end] if _is_result(code)})
    started_on = min(starts.values()) if len(set(starts.values())) == 1 else None
    return _Results(end, started_on, everything - earlier, earlier, tuple(codes))


def _result_of(totals: Mapping[Key, int], business_ids: Sequence[int] | Mapping[int, date]) -> int:
    wanted = set(business_ids)
    return -sum(
        cents
        for (business_id, code), cents in totals.items()
        if business_id in wanted and _is_result(code)
    )


def _is_between(code: str) -> bool:
    return code == Code.BETWEEN_BUSINESSES


def _add_rows(sheet: Sheet, results: Sequence[_Results], *, is_one: bool) -> list[str]:
    """Add the sections; return a warning where the two sides differ."""
    sheet.heading("Assets")
    owned = sheet.total("Total assets", sheet.accounts(starts_with("1")))
    sheet.heading("Liabilities")
    # Between the businesses of a view: it cancels out, and only what is left over is shown.
    is_left = is_one or any(one.sum_of(sheet.codes(_is_between)) for one in sheet.figures)
    owed_codes = sheet.accounts(
        lambda code: code.startswith("2") and (is_left or not _is_between(code)), sign=-1
    )
    owed = sheet.total("Total liabilities", owed_codes, sign=-1)
    sheet.heading("Equity")
    equity = sheet.accounts(starts_with("3"), sign=-1)
    if any(one.earlier_cents for one in results):
        sheet.line("Results of earlier years, not closed yet", [one.earlier() for one in results])
    sheet.line("Result of this financial year", [one.this_year() for one in results])
    own = [
        one.this_year_cents + one.earlier_cents - figures.sum_of(equity)
        for one, figures in zip(results, sheet.figures, strict=True)
    ]
    both = [liabilities + rest for liabilities, rest in zip(owed, own, strict=True)]
    for title, sums, codes, style in (
        ("Total equity", own, equity, Style.TOTAL),
        ("Total liabilities and equity", both, [*owed_codes, *equity], Style.GRAND),
    ):
        where = sheet.where_codes(codes)
        cells = [
            Figure(cents, Where((*where, *one.codes), None, one.to_on))
            for cents, one in zip(sums, results, strict=True)
        ]
        sheet.line(title, cells, style=style, level=0)
    return [
        f"At {figures.to_on:%-d %B %Y} assets and the other side differ by"
        f" KES {format_shillings(left - right)}. {ASK}"
        for figures, left, right in zip(sheet.figures, owned, both, strict=True)
        if left != right
    ]


def _notes(accounts: Accounts, starts: Mapping[int, date], end: date) -> list[str]:
    """Say where a year's result has gone, if it was closed by the day, or where it has no link."""
    notes = [_TWO_YEARS] if len(set(starts.values())) > 1 else []
    for start in sorted(set(starts.values())):
        ids = [pk for pk, first in starts.items() if first == start]
        closed = closings(accounts.of(ids), Period(start, end))
        moved = {accounts.keys[pk][0] for (pk, _), one in closed.items() if one.net_cents}
        if moved:
            # Unlocked again, the year takes entries that did not go to retained earnings.
            locked = Book.objects.filter(business__in=moved, locked_through__gte=end).count()
            return [*notes, _CLOSED if locked == len(moved) else _OPEN_AGAIN]
    return notes
