"""What a statement file would do to the books, and what stands in the way: reads alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from django.utils import timezone

from mpesa.models import Payment, StatementRow, StatementUpload, Till
from mpesa.statements import (
    NotAStatement,
    Row,
    RowKind,
    StatementFile,
    check_balances,
    check_keys,
    mask_party,
    read_statement,
    type_of,
)
from mpesa.statements.rows import OLD

# What an SQL statement asks about at once.
CHUNK = 500
MOST_WARNINGS = 20
# What is kept of a kind: a column of a database is narrow.
_WORDS = {RowKind.SWEEP_INTERNAL: "sweep"}
# Accounts that customers pay into (REFERENCE 7.1); the others' files know of no payment.
_PAID_INTO = ("utility", "merchant")

Key = tuple[str, str, int]
T = TypeVar("T")


@dataclass(slots=True)
class Count:
    """How many rows of a sort there are, and their sum in cents."""

    rows: int = 0
    cents: int = 0

    def add(self, cents: int) -> None:
        self.rows += 1
        self.cents += cents


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as a page may show it: `party` is masked, `cents` positive."""

    receipt: str
    at: datetime
    type: str
    party: str
    cents: int
    sentence: str = ""


@dataclass(slots=True)
class Preview:
    """What bringing a file in would do; each row that moved money is counted once.

    `others_in` is money that came in by a way we do not know: shown, never posted by itself.
    """

    rows: int = 0
    imported: Count = field(default_factory=Count)
    known: Count = field(default_factory=Count)
    new: Count = field(default_factory=Count)
    charges: Count = field(default_factory=Count)
    sweeps: Count = field(default_factory=Count)
    to_bank: Count = field(default_factory=Count)
    reversals: Count = field(default_factory=Count)
    others: Count = field(default_factory=Count)
    without_effect: int = 0
    conflicts: list[Shown] = field(default_factory=list)
    others_in: list[Shown] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[tuple[str, Count]]:
        """Return (words, count) in the order of a page, those of nothing left out."""
        conflicts = Count(len(self.conflicts), sum(one.cents for one in self.conflicts))
        named = [
            ("Payments missing in our books", self.new),
            ("Payments that we know", self.known),
            ("Payments that we know otherwise", conflicts),
            ("Charges", self.charges),
            ("Withdrawn to the bank", self.to_bank),
            ("Moved within M-Pesa", self.sweeps),
            ("Reversals", self.reversals),
            ("Other rows", self.others),
            ("Rows that an earlier file had", self.imported),
        ]
        return [(words, count) for words, count in named if count.rows]


def word_of(kind: RowKind) -> str:
    """Return a kind as `StatementRow.kind` keeps it."""
    return _WORDS.get(kind, kind.value)


def key_of(row: Row) -> Key:
    """Return (receipt, kept kind, sign): what tells a row from all others of its till."""
    return row.receipt, word_of(row.kind), row.sign


def cents_of(row: Row) -> int:
    """Return the positive cents that a row moved."""
    return abs(row.net_cents)


def file_of(upload: StatementUpload) -> StatementFile:
    """Read an upload's file anew. Raises NotAStatement where its content was erased."""
    if upload.content is None:
        raise NotAStatement("The content of this file was erased. Download it again.")
    return read_statement(bytes(upload.content), upload.name)


def moving(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that moved money, oldest first; the same row twice in a file is one."""
    seen: dict[tuple[Key, int], Row] = {}
    for row in rows:
        if row.counts and row.net_cents:
            seen.setdefault((key_of(row), cents_of(row)), row)
    return list(seen.values())


def days_covered(file: StatementFile) -> tuple[date | None, date | None]:
    """Return the first and last day of which a file knows every payment, or neither."""
    account = file.account.casefold()
    if file.layout == OLD and account and not any(word in account for word in _PAID_INTO):
        return None, None
    return file.first_day, file.last_day


def kept_rows(till: Till, rows: Sequence[Row]) -> dict[Key, int]:
    """Return key -> cents of the rows that an earlier import of this till has kept."""
    found: dict[Key, int] = {}
    for some in chunks(sorted({row.receipt for row in rows})):
        kept = StatementRow.objects.filter(till=till, receipt__in=some)
        for receipt, kind, sign, cents in kept.values_list(
            "receipt", "kind", "sign", "amount_cents"
        ):
            found[receipt, kind, sign] = cents
    return found


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield parts that are small enough for one SQL statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def payments_of(receipts: Iterable[str]) -> Iterator[Payment]:
    """Yield our payments of these receipts, of whichever till."""
    for some in chunks(sorted(set(receipts))):
        yield from Payment.objects.filter(receipt__in=some).select_related("till")


def preview_of(upload: StatementUpload) -> Preview:
    """Return what bringing an upload in would do. Raises NotAStatement where it was erased."""
    file = file_of(upload)
    rows = moving(file.rows)
    kept = kept_rows(upload.till, rows)
    payments = {
        one.receipt: one
        for one in payments_of(row.receipt for row in rows if row.kind is RowKind.PAYMENT)
    }
    preview = Preview(rows=len(file.rows), without_effect=len(file.rows) - len(rows))
    for row in rows:
        _count(preview, row, upload.till, kept, payments)
    gaps = [*check_balances(file), *check_keys(file)]
    preview.warnings += gaps[:MOST_WARNINGS]
    if len(gaps) > MOST_WARNINGS:
        preview.warnings.append(f"{len(gaps) - MOST_WARNINGS} more places look like this.")
    return preview


def _count(
    preview: Preview, row: Row, till: Till, kept: dict[Key, int], payments: dict[str, Payment]
) -> None:
    cents = cents_of(row)
    if key_of(row) in kept:
        preview.imported.add(cents)
        if kept[key_of(row)] != cents:
            preview.conflicts.append(shown(row, "An earlier file has another amount."))
    elif row.kind is RowKind.PAYMENT:
        _count_payment(preview, row, till, payments.get(row.receipt))
    else:
        _COUNTS[row.kind](preview).add(cents)
        if row.kind is RowKind.OTHER and row.sign > 0:
            preview.others_in.append(shown(row))


_COUNTS: dict[RowKind, Callable[[Preview], Count]] = {
    RowKind.CHARGE: lambda preview: preview.charges,
    RowKind.SWEEP_INTERNAL: lambda preview: preview.sweeps,
    RowKind.TO_BANK: lambda preview: preview.to_bank,
    RowKind.REVERSAL: lambda preview: preview.reversals,
    RowKind.OTHER: lambda preview: preview.others,
}


def _count_payment(preview: Preview, row: Row, till: Till, payment: Payment | None) -> None:
    cents = cents_of(row)
    if payment is None:
        preview.new.add(cents)
    elif payment.till_id != till.pk:
        preview.conflicts.append(shown(row, f"We have it at {payment.till}."))
    elif payment.paid_cents != cents:
        preview.conflicts.append(shown(row, "We have it with another amount."))
    else:
        preview.known.add(cents)


def shown(row: Row, sentence: str = "") -> Shown:
    """Return a row as a page may show it, its party masked."""
    return Shown(
        receipt=row.receipt,
        at=timezone.localtime(row.completed_at),
        type=type_of(row.details) or row.reason_type,
        party=mask_party(row.other_party),
        cents=cents_of(row),
        sentence=sentence,
    )
