"""Lines of accounts in the order of their days, a page at a time, wherever in history.

Each account's own index gives its next few lines; those are merged. So a page costs a seek per
account and its own rows, and nothing for what lies before or after it.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from money.report import Period
from money.statements.figures import (
    Accounts,
    Key,
    day_of,
    fetch,
    marks,
    sql_day,
    under_letters,
)

_CURSOR = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{1,18})-(\d{1,18})")
# How many lines and accounts a query may look at: more accounts are asked in several. SQLite takes
# 500 SELECTs in one.
_MOST_LOOKED_AT = 5_000
_MOST_ACCOUNTS = 100


class BadCursor(ValueError):
    """The address of a page is none that was given out, or lies outside the period."""

    def __init__(self) -> None:
        super().__init__("This page's address is not one of ours. Begin at the first page.")


class Place(NamedTuple):
    """A line's place in the order of a statement: its day, its entry's id and its own."""

    occurred_on: date
    entry_id: int
    line_id: int

    def __str__(self) -> str:
        return f"{self.occurred_on:%Y%m%d}-{self.entry_id}-{self.line_id}"

    @classmethod
    def read(cls, text: str, period: Period) -> "Place":
        """Return the place that `text` names; raise BadCursor if it is none of the period's."""
        match = _CURSOR.fullmatch(text)
        if not match or not text.isascii():
            raise BadCursor
        year, month, day, entry_id, line_id = map(int, match.groups())
        try:
            place = cls(date(year, month, day), entry_id, line_id)
        except ValueError as error:
            raise BadCursor from error
        if not period.from_on <= place.occurred_on <= period.to_on:
            raise BadCursor
        return place


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line with what its entry says. `cents` are debit positive."""

    place: Place
    key: Key
    cents: int
    number: int
    description: str
    source: str
    late_for: date | None

    @property
    def text(self) -> str:
        """The description, and the day that a late fact belongs to."""
        if self.late_for is None:
            return self.description
        return f"{self.description} (late, of {self.late_for:%-d %b %Y})"


class _Raw(NamedTuple):
    place: Place
    account_id: int
    cents: int


def read_lines(
    accounts: Accounts, period: Period, after: Place | None, limit: int, letters: str = ""
) -> list[LedgerLine]:
    """Return up to `limit` lines of `period` that come after a place, in order."""
    found: list[_Raw] = []
    for ids in _batches(list(accounts.keys), limit):
        found += _next_lines(accounts, ids, period, after, limit, letters)
    found.sort()
    return _with_entries(accounts, found[:limit])


def places_before(
    accounts: Accounts, period: Period, before: Place, limit: int, letters: str = ""
) -> list[Place]:
    """Return up to `limit` places of `period` that come before a place, the nearest first."""
    found: list[_Raw] = []
    for ids in _batches(list(accounts.keys), limit):
        found += _next_lines(accounts, ids, period, before, limit, letters, is_backwards=True)
    found.sort(reverse=True)
    return [raw.place for raw in found[:limit]]


def read_ledger(
    accounts: Accounts, period: Period, codes: Sequence[str], after: Place | None, limit: int
) -> list[LedgerLine]:
    """Return up to `limit` lines of `period`: those of the first code after a place, then the rest.

    The same code of several businesses is one account. Codes are asked in batches, until enough.
    """
    ids: dict[str, list[int]] = defaultdict(list)
    for pk, (_, code) in accounts.keys.items():
        ids[code].append(pk)
    groups = _growing(codes, ids, _most_accounts(limit))
    found: list[_Raw] = []
    for group in groups:
        if len(found) >= limit:
            break
        wanted = [pk for code in group for pk in ids[code]]
        start = after if group is groups[0] else None
        raw = _next_lines(accounts, wanted, period, start, limit, "")
        found += sorted(raw, key=lambda one: (accounts.keys[one.account_id][1], one.place))
    return _with_entries(accounts, found[:limit])


def _growing(codes: Sequence[str], ids: Mapping[str, Sequence[int]], most: int) -> list[list[str]]:
    """Part `codes` into the first alone, then twice as many accounts each time, up to `most`.

    A page is often filled by its first account, and a small business has many that hardly move.
    """
    groups: list[list[str]] = []
    size = room = 0
    for code in codes:
        if size + len(ids[code]) > room or len(groups) == 1:
            groups.append([])
            size, room = 0, min(most, 2 ** len(groups))
        groups[-1].append(code)
        size += len(ids[code])
    return groups


def moved_on_day(accounts: Accounts, through: Place, letters: str = "") -> int:
    """Return what the place's day moved up to the place and with it, in cents, debit positive."""
    letter, letter_values = under_letters(letters)
    side, side_values = _on_sides(accounts)
    values = [sql_day(through.occurred_on), *[through.entry_id] * 2, through.line_id]
    rows = fetch(
        "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM money_line"  # noqa: S608
        f" WHERE account_id IN ({marks(accounts.keys)}) AND occurred_on = %s"
        f" AND entry_id <= %s AND (entry_id < %s OR id <= %s){letter}{side}",
        [*accounts.keys, *values, *letter_values, *side_values],
    )
    return int(rows[0][0])


def _batches(ids: Sequence[int], limit: int) -> list[Sequence[int]]:
    size = _most_accounts(limit)
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _most_accounts(limit: int) -> int:
    return max(1, min(_MOST_ACCOUNTS, _MOST_LOOKED_AT // limit))


# SQL that keeps the lines of one side.
_OF_SIDE = {0: "", 1: " AND amount_cents > 0", -1: " AND amount_cents < 0"}


def _on_sides(accounts: Accounts) -> tuple[str, list[int]]:
    """Return the SQL that leaves out what does not count of several accounts, and its values."""
    sql, values = "", []
    for side, wrong in ((1, "<"), (-1, ">")):
        if ids := [pk for pk, one in accounts.sides.items() if one == side]:
            sql += f" AND NOT (amount_cents {wrong} 0 AND account_id IN ({marks(ids)}))"
            values += ids
    return sql, values


def _next_lines(
    accounts: Accounts,
    ids: Collection[int],
    period: Period,
    start: Place | None,
    limit: int,
    letters: str,
    *,
    is_backwards: bool = False,
) -> list[_Raw]:
    """Return the next lines of each account: `limit` of each, so the next of all are among them.

    The seek is by day and entry, which the index has; the lines of the cursor's own entry that
    were shown are then left out by their ids.
    """
    sign, order = ("<", " DESC") if is_backwards else (">", "")
    letter, letter_values = under_letters(letters)
    values: list[Any] = [*letter_values]
    bounds: list[Any] = [sql_day(period.from_on), sql_day(period.to_on)]
    seek = ""
    if start:
        bounds[1 if is_backwards else 0] = day = sql_day(start.occurred_on)
        seek = (
            f" AND (occurred_on, entry_id) {sign}= (%s, %s)"
            f" AND (occurred_on {sign} %s OR entry_id {sign} %s OR id {sign} %s)"
        )
        values += [day, start.entry_id, day, start.entry_id, start.line_id]
    arm = (
        "SELECT * FROM (SELECT occurred_on, entry_id, id, account_id, amount_cents"  # noqa: S608
        f" FROM money_line WHERE account_id = %s AND occurred_on BETWEEN %s AND %s{letter}{seek}"
        "{side}"
        f" ORDER BY occurred_on{order}, entry_id{order}, id{order} LIMIT %s) arm"
    )
    rows = fetch(
        " UNION ALL ".join(arm.format(side=_OF_SIDE[accounts.sides.get(pk, 0)]) for pk in ids),
        [value for pk in ids for value in (pk, *bounds, *values, limit)],
    )
    return [
        _Raw(Place(day_of(day), entry_id, line_id), account_id, cents)
        for day, entry_id, line_id, account_id, cents in rows
    ]


def _with_entries(accounts: Accounts, found: Sequence[_Raw]) -> list[LedgerLine]:
    ids = {raw.place.entry_id for raw in found}
    if not ids:
        return []
    rows = fetch(
        "SELECT id, number, description, source, late_for FROM money_entry"  # noqa: S608
        f" WHERE id IN ({marks(ids)})",
        list(ids),
    )
    entries = {
        pk: (number, description, source, day_of(late_for) if late_for else None)
        for pk, number, description, source, late_for in rows
    }
    return [
        LedgerLine(
            raw.place, accounts.keys[raw.account_id], raw.cents, *entries[raw.place.entry_id]
        )
        for raw in found
    ]
