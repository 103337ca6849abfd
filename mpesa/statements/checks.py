"""Whether a statement is whole: its totals, its chain of balances, its keys."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from money.cents import format_shillings
from mpesa.statements.details import sweep_ends
from mpesa.statements.rows import NEW, Row, RowKind, StatementFile

# Where customers' money arrives (REFERENCE 7.1); the other accounts have balances of their own.
_MAIN_ACCOUNTS = {"utility", "merchant"}


def check_totals(file: StatementFile) -> str | None:
    """Return a sentence where the rows do not add up to the file's own totals, else None."""
    rows = [row for row in file.rows if row.counts]
    for words, total, found in (
        ("paid in", file.total_paid_in_cents, sum(row.paid_in_cents for row in rows)),
        ("withdrawn", file.total_withdrawn_cents, sum(row.withdrawn_cents for row in rows)),
    ):
        if total is not None and total != found:
            return (
                f"The file says that KES {format_shillings(total)} were {words}, but its rows"
                f" add up to KES {format_shillings(found)}: it is not whole. Download it again."
            )
    return None


def check_balances(file: StatementFile) -> list[str]:
    """Return a sentence for each place where the running balance shows that rows are missing.

    Rows of one second may stand in any order. The new layout mixes accounts: what happens in
    others than Utility and Merchant is left out.
    """
    chained = [row for row in file.rows if _is_chained(row, file)]
    found: list[str] = []
    before: int | None = None
    last: Row | None = None
    for _, group in groupby(chained, key=lambda row: row.completed_at):
        rows = list(group)
        if before is not None and last is not None and not _fits(rows, before):
            found.append(_gap(last, rows[0], before))
            before = None
        before = _after(rows, before)
        last = rows[-1]
    return found


def _is_chained(row: Row, file: StatementFile) -> bool:
    if not row.counts or row.balance_cents is None:
        return False
    if file.layout != NEW:
        return True
    if row.kind is RowKind.SWEEP_INTERNAL:
        ends = sweep_ends(row.details)
        return ends is not None and ends[row.sign > 0] in _MAIN_ACCOUNTS
    # Charges Paid is the account that is below zero.
    return row.kind is not RowKind.TO_BANK and row.balance_cents >= 0


def _befores(rows: Iterable[Row]) -> Iterator[int]:
    return ((row.balance_cents or 0) - row.net_cents for row in rows)


def _afters(rows: Iterable[Row]) -> Iterator[int]:
    return (row.balance_cents or 0 for row in rows)


def _fits(rows: list[Row], before: int) -> bool:
    """Return whether the rows of a second, in some order, lead on from a balance in cents.

    In an unbroken chain each balance that is left is also reached, but for the two ends.
    """
    left, reached = Counter(_befores(rows)), Counter(_afters(rows))
    start, end = left - reached, reached - left
    if start:
        return start == Counter([before]) and end.total() == 1
    return before in left


def _after(rows: list[Row], before: int | None) -> int:
    """Return the balance at the end of a second; where its rows do not tell, the last one's."""
    ends = list((Counter(_afters(rows)) - Counter(_befores(rows))).elements())
    if not ends and before is not None:
        return before
    return ends[0] if len(ends) == 1 else rows[-1].balance_cents or 0


def _gap(last: Row, row: Row, before: int) -> str:
    return (
        f"Rows may be missing between line {last.line} and line {row.line}: the balance after the"
        f" one is KES {format_shillings(before)}, before the other KES"
        f" {format_shillings(next(_befores([row])))}."
    )


def check_keys(file: StatementFile) -> list[str]:
    """Return a sentence for each row whose key an earlier, different row has.

    The same row twice is harmless; two amounts under one key are two facts, and one would be lost.
    """
    seen: dict[tuple[str, RowKind, int], Row] = {}
    found = []
    for row in file.rows:
        first = seen.setdefault(row.key, row)
        if _facts(first) != _facts(row):
            found.append(
                f"Lines {first.line} and {row.line} are two rows of one kind under the receipt"
                f" {row.receipt}. Look at both."
            )
    return found


def _facts(row: Row) -> tuple[object, ...]:
    return row.completed_at, row.net_cents, row.status, row.details, row.balance_cents
