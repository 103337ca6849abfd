"""What accounts hold and moved, for any days, at a cost that does not grow with history.

Whole months come from the movements that `post` keeps, and only the days of a month begun come
from the lines: added from its first day, or taken off from its end, whichever are fewer days. All
amounts are cents; a net amount is debit positive.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from money.calendar import end_of_month
from money.chart import parent_of
from money.models import Business, EntryKind
from money.report import NO_LETTER, Part, Period, account_and_part

ONE_DAY = timedelta(days=1)

# A business's id and the code of one of its accounts.
Key = tuple[int, str]
# An account's id and a tax letter; the letter is empty where sums are not parted by letters.
Slot = tuple[int, str]


class Turnover(NamedTuple):
    """What was debited and credited, in cents; both are positive."""

    debit_cents: int
    credit_cents: int

    @property
    def net_cents(self) -> int:
        """Debits less credits."""
        return self.debit_cents - self.credit_cents

    def plus(self, other: "Turnover", sign: int = 1) -> "Turnover":
        return Turnover(
            self.debit_cents + sign * other.debit_cents,
            self.credit_cents + sign * other.credit_cents,
        )


NOTHING = Turnover(0, 0)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of some businesses: id -> (business id, code), and code -> name.

    Where a code has several names, the one in the first business counts. `sides` are the accounts
    of which only debits (1) or only credits (-1) count, in turnovers and in lines.
    """

    keys: dict[int, Key]
    names: dict[str, str]
    sides: dict[int, int] = field(default_factory=dict)

    def under(self, codes: Collection[str]) -> "Accounts":
        """Return those of `codes` and those under them ("1000.1" under "1000"), or named parts."""
        parts: dict[Part | None, set[str]] = defaultdict(set)
        for code in codes:
            account, part = account_and_part(code)
            parts[part].add(account)
        whole = parts[None] | (parts[Part.DEBITS] & parts[Part.CREDITS])
        keys, sides = {}, {}
        for pk, key in self.keys.items():
            names = {key[1], parent_of(key[1])}
            if names & whole or key[1] in parts[Part.ITSELF]:
                keys[pk] = key
            elif names & (parts[Part.DEBITS] | parts[Part.CREDITS]):
                keys[pk] = key
                sides[pk] = 1 if names & parts[Part.DEBITS] else -1
        return Accounts(keys, self.names, sides)

    def where(self, belongs: Callable[[str], bool]) -> "Accounts":
        """Return those whose code `belongs`."""
        return self._only({pk: key for pk, key in self.keys.items() if belongs(key[1])})

    def of(self, business_ids: Collection[int]) -> "Accounts":
        """Return those of some of the businesses."""
        return self._only({pk: key for pk, key in self.keys.items() if key[0] in business_ids})

    def among(self, keys: Collection[Key]) -> "Accounts":
        """Return those that are one of `keys`."""
        return self._only({pk: key for pk, key in self.keys.items() if key in keys})

    def _only(self, keys: dict[int, Key]) -> "Accounts":
        return replace(self, keys=keys)

    def counted(self, account_id: int, turnover: Turnover) -> Turnover:
        """Return what counts of an account's turnover."""
        side = self.sides.get(account_id, 0)
        debit_cents, credit_cents = turnover
        return Turnover(0 if side < 0 else debit_cents, 0 if side > 0 else credit_cents)


@dataclass(frozen=True, slots=True)
class _Cut:
    """How all that moved through the end of a day is put together: months, and some days' lines.

    The lines of `first` to `last` are added (`sign` 1), taken off (-1), or not needed (0).
    """

    through_month: date
    sign: int
    first: date
    last: date

    @classmethod
    def at(cls, day: date) -> "_Cut":
        first, last = day.replace(day=1), end_of_month(day)
        if day == last:
            return cls(first, 0, day, day)
        if day.day <= (last - day).days:
            return cls((first - ONE_DAY).replace(day=1), 1, first, day)
        return cls(first, -1, day + ONE_DAY, last)


def accounts_of(businesses: Sequence[Business]) -> Accounts:
    """Return the accounts of `businesses`, in the order of the businesses and then of the codes."""
    place = {business.pk: index for index, business in enumerate(businesses)}
    if not place:
        return Accounts({}, {})
    rows = fetch(
        "SELECT id, business_id, code, name FROM money_account"  # noqa: S608
        f" WHERE business_id IN ({marks(place)})",
        list(place),
    )
    rows.sort(key=lambda row: (place[row[1]], row[2]))
    names: dict[str, str] = {}
    for _, _, code, name in rows:
        names.setdefault(code, name)
    return Accounts({pk: (business_id, code) for pk, business_id, code, _ in rows}, names)


def balances(businesses: Sequence[Business], on: date) -> dict[Key, int]:
    """Return (business id, code) -> balance in cents at the end of `on`, debit positive.

    Accounts that never moved are left out.
    """
    return balances_through(accounts_of(businesses), [on])[on]


def moved(businesses: Sequence[Business], period: Period) -> dict[Key, Turnover]:
    """Return (business id, code) -> debits and credits of `period`, closing entries included."""
    accounts = accounts_of(businesses)
    return _keyed(accounts, _moved(_Ask(accounts), [period])[0])


def balances_through(accounts: Accounts, days: Collection[date]) -> dict[date, dict[Key, int]]:
    """Return day -> (business id, code) -> balance in cents at that day's end, debit positive.

    Asks once for all months, and once more per day that is not a month's last.
    """
    cut = _cumulated(_Ask(accounts, has_sides=False), sorted(set(days)))
    return {day: _nets(accounts, totals) for day, totals in cut.items()}


def turnovers_through(
    accounts: Accounts, days: Collection[date], *, letters: str = ""
) -> dict[date, dict[Key, Turnover]]:
    """Return day -> (business id, code) -> all debits and credits ever, through that day's end.

    With letters (see Where), of the lines under those alone. Asks as often as `balances_through`.
    """
    cut = _cumulated(_Ask(accounts, letters=letters), sorted(set(days)))
    return {day: _keyed(accounts, totals) for day, totals in cut.items()}


def changes(accounts: Accounts, periods: Sequence[Period]) -> list[dict[Key, int]]:
    """Return for each period (business id, code) -> its change in cents, closing entries left out.

    The profit and loss statement and the cash flow read these, so that a closed year still shows
    what it earned.
    """
    parted = _moved(_Ask(accounts, has_sides=False), periods)
    for totals, period in zip(parted, periods, strict=True):
        for (account_id, _), turnover in closings(accounts, period).items():
            _add(totals, (account_id, ""), turnover, -1)
    return [_nets(accounts, totals) for totals in parted]


def changes_by_letter(accounts: Accounts, period: Period) -> dict[tuple[str, str], Turnover]:
    """Return (code, tax letter or empty) -> debits and credits of `period`, all businesses as one.

    Closing entries are left out.
    """
    (totals,) = _moved(_Ask(accounts, has_letters=True), [period])
    for slot, turnover in closings(accounts, period).items():
        _add(totals, slot, turnover, -1)
    sums: dict[tuple[str, str], Turnover] = {}
    for (account_id, letter), turnover in totals.items():
        slot_of_all = accounts.keys[account_id][1], letter
        sums[slot_of_all] = sums.get(slot_of_all, NOTHING).plus(turnover)
    return sums


def by_code(cents: Mapping[Key, int]) -> dict[str, int]:
    """Return code -> cents, all businesses as one."""
    sums: dict[str, int] = defaultdict(int)
    for (_, code), one in cents.items():
        sums[code] += one
    return dict(sums)


def closings(accounts: Accounts, period: Period) -> dict[Slot, Turnover]:
    """Return (account id, tax letter) -> what closing entries moved in `period`."""
    business_ids = {business_id for business_id, _ in accounts.keys.values()}
    if not business_ids:
        return {}
    # The kind is written out: a partial index is not found behind a parameter.
    rows = fetch(
        f"SELECT l.account_id, l.tax_class, {_DEBITS}, {_NET}"  # noqa: S608
        " FROM money_entry e JOIN money_line l ON l.entry_id = e.id"
        f" WHERE e.kind = '{EntryKind.CLOSING.value}' AND e.occurred_on BETWEEN %s AND %s"
        f" AND e.business_id IN ({marks(business_ids)}) GROUP BY l.account_id, l.tax_class",
        [sql_day(period.from_on), sql_day(period.to_on), *business_ids],
    )
    return {
        (account_id, letter): Turnover(debit, debit - net)
        for account_id, letter, debit, net in rows
        if account_id in accounts.keys
    }


# PostgreSQL sums a BIGINT to a decimal number: back to a whole one.
_NET = "CAST(SUM(amount_cents) AS BIGINT)"
_DEBITS = "CAST(SUM(CASE WHEN amount_cents > 0 THEN amount_cents ELSE 0 END) AS BIGINT)"


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is asked of movements and lines alike: of which accounts, and how it is parted.

    Without sides only net amounts count, which saves a third of the time that lines take.
    """

    accounts: Accounts
    letters: str = ""
    has_letters: bool = False
    has_sides: bool = True

    @property
    def slot(self) -> str:
        return "account_id, tax_class" if self.has_letters else "account_id, ''"

    @property
    def group(self) -> str:
        return "account_id, tax_class" if self.has_letters else "account_id"

    @property
    def where(self) -> str:
        return f"account_id IN ({marks(self.accounts.keys)}){under_letters(self.letters)[0]}"

    @property
    def values(self) -> list[Any]:
        return [*self.accounts.keys, *under_letters(self.letters)[1]]


def under_letters(letters: str) -> tuple[str, list[str]]:
    """Return the SQL that keeps lines under these letters (see Where), and its values."""
    if not letters:
        return "", []
    found = ["" if letter == NO_LETTER else letter for letter in letters]
    return f" AND tax_class IN ({marks(found)})", found


def _moved(ask: _Ask, periods: Sequence[Period]) -> list[dict[Slot, Turnover]]:
    days = {day for period in periods for day in (period.from_on - ONE_DAY, period.to_on)}
    cut = _cumulated(ask, sorted(days), is_since_ever=False)
    found = []
    for period in periods:
        totals = dict(cut[period.to_on])
        for slot, turnover in cut[period.from_on - ONE_DAY].items():
            _add(totals, slot, turnover, -1)
        found.append(totals)
    return found


def _add(totals: dict[Slot, Turnover], slot: Slot, turnover: Turnover, sign: int) -> None:
    totals[slot] = totals.get(slot, NOTHING).plus(turnover, sign)


def _keyed(accounts: Accounts, totals: Mapping[Slot, Turnover]) -> dict[Key, Turnover]:
    return {
        accounts.keys[account_id]: accounts.counted(account_id, turnover)
        for (account_id, _), turnover in totals.items()
    }


def _nets(accounts: Accounts, totals: Mapping[Slot, Turnover]) -> dict[Key, int]:
    return {accounts.keys[account_id]: one.net_cents for (account_id, _), one in totals.items()}


def _cumulated(
    ask: _Ask, days: Sequence[date], *, is_since_ever: bool = True
) -> dict[date, dict[Slot, Turnover]]:
    """Return sorted `days` -> what moved through each; the months in one pass.

    Where only differences between the days are wanted, months before all of them cancel out and
    are not read.
    """
    if not ask.accounts.keys or not days:
        return {day: {} for day in days}
    cuts = [_Cut.at(day) for day in days]
    months = _months(ask, [cut.through_month for cut in cuts], is_since_ever=is_since_ever)
    for totals, cut in zip(months, cuts, strict=True):
        for slot, turnover in _days(ask, cut).items() if cut.sign else ():
            _add(totals, slot, turnover, cut.sign)
    return dict(zip(days, months, strict=True))


def _months(
    ask: _Ask, through: Sequence[date], *, is_since_ever: bool
) -> list[dict[Slot, Turnover]]:
    """Return for each month of `through`, sorted, what moved through its end, by the movements."""
    columns = ", ".join(
        f"CAST(SUM(CASE WHEN month_on <= %s THEN {side}_cents ELSE 0 END) AS BIGINT)"
        for _ in through
        for side in ("debit", "credit")
    )
    cases = [sql_day(month) for month in through for _ in range(2)]
    floor = "" if is_since_ever else " AND month_on > %s"
    bounds = [sql_day(through[-1])] + ([] if is_since_ever else [sql_day(through[0])])
    rows = fetch(
        f"SELECT {ask.slot}, {columns} FROM money_movement"  # noqa: S608
        f" WHERE {ask.where} AND month_on <= %s{floor} GROUP BY {ask.group}",
        [*cases, *ask.values, *bounds],
    )
    return [
        {(row[0], row[1]): Turnover(row[2 + 2 * index], row[3 + 2 * index]) for row in rows}
        for index in range(len(through))
    ]


def _days(ask: _Ask, cut: _Cut) -> dict[Slot, Turnover]:
    """Return what the lines of some days of one month moved, by the covering index."""
    rows = fetch(
        f"SELECT {ask.slot}, {_NET}{', ' + _DEBITS if ask.has_sides else ''} FROM money_line"  # noqa: S608
        f" WHERE {ask.where} AND occurred_on BETWEEN %s AND %s GROUP BY {ask.group}",
        [*ask.values, sql_day(cut.first), sql_day(cut.last)],
    )
    if ask.has_sides:
        return {(pk, letter): Turnover(debit, debit - net) for pk, letter, net, debit in rows}
    return {(pk, letter): Turnover(net, 0) for pk, letter, net in rows}


def marks(values: Iterable[object]) -> str:
    """Return a "%s" per value, for IN."""
    return ", ".join("%s" for _ in values)


def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of our own SQL. Days come as text on SQLite: see `day_of`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def day_of(value: str | date) -> date:
    """Return the day that a cursor gave: SQLite gives its text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def sql_day(day: date) -> Any:
    """Return a day as the database stores it: text on SQLite."""
    return connection.ops.adapt_datefield_value(day)
