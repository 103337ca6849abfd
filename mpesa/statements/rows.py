"""What a statement says: the file, its rows, and the refusal of what is none."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

NEW = "new"
OLD = "old"


class NotAStatement(Exception):
    """The file cannot be taken; the message is a sentence that its owner can act on."""


class RowKind(StrEnum):
    """What moved the money. OTHER is whatever REFERENCE 7.2 does not name, and no payment."""

    PAYMENT = "payment"
    CHARGE = "charge"
    SWEEP_INTERNAL = "sweep_internal"
    TO_BANK = "to_bank"
    REVERSAL = "reversal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a statement; amounts are cents and never negative, `balance_cents` may be.

    `receipt` repeats: a payment and its charge share it, and so do both ends of a sweep.
    `other_party` and `account_reference` are as the file has them. `linked_receipt` is the
    payment that a reversal takes back, "" where the file does not say.
    """

    line: int
    receipt: str
    completed_at: datetime
    status: str
    paid_in_cents: int
    withdrawn_cents: int
    balance_cents: int | None
    kind: RowKind
    reason_type: str = ""
    linked_receipt: str = ""
    # Names and phones stay out of logs.
    details: str = field(default="", repr=False)
    other_party: str = field(default="", repr=False)
    account_reference: str = field(default="", repr=False)

    @property
    def sign(self) -> int:
        """Return -1 where money left the account, else 1."""
        return -1 if self.withdrawn_cents else 1

    @property
    def key(self) -> tuple[str, RowKind, int]:
        """Return what tells a row from its twins in this file and in every other."""
        return self.receipt, self.kind, self.sign

    @property
    def counts(self) -> bool:
        """Return whether money moved: every status but Completed is history."""
        return self.status.casefold() == "completed"

    @property
    def net_cents(self) -> int:
        """Return by how much the row changes its account."""
        return self.paid_in_cents - self.withdrawn_cents


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement; `rows` are oldest first. What the file does not say is "" or None."""

    layout: str
    shortcode: str
    account: str
    first_day: date | None
    last_day: date | None
    total_paid_in_cents: int | None
    total_withdrawn_cents: int | None
    rows: tuple[Row, ...]
