"""The form of a manual journal: lines of account, debit or credit, tax letter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.drafts import DraftLine, tax_of
from money.forms.days import read_day
from money.forms.fields import is_form_key
from money.models import TaxClass

# What a page offers. Django takes 3,000 fields of a form (settings): four of a journal's line,
# three of an opening balance's. More would be refused whole; what came is read whole.
FIRST_LINES, MORE_LINES, MOST_LINES = 4, 4, 500
MOST_OPENING_LINES = 950
MOST_DESCRIPTION = 200
_FIELD = re.compile(r"(?:account|debit|credit|tax)-([0-9]{1,6})")
_LETTERS = {"", *TaxClass.values}


class Incomplete(ValueError):
    """The form is not a journal yet; the message says what is missing and in which line."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line as it was typed; `number` counts from 1, as the form shows it."""

    number: int
    code: str = ""
    debit: str = ""
    credit: str = ""
    tax: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.debit.strip() or self.credit.strip())


@dataclass(frozen=True, slots=True)
class TypedJournal:
    """The form as it was sent, so that a refusal loses nothing of it."""

    key: str = ""
    day: str = ""
    description: str = ""
    lines: list[TypedLine] = field(default_factory=list)


def typed_journal(fields: Mapping[str, str]) -> TypedJournal:
    """Return the form as it was sent, every line of it; they are counted from 1 again."""
    sent = {int(match[1]) for name in fields if (match := _FIELD.fullmatch(name))}
    lines = [
        TypedLine(
            number,
            *(fields.get(f"{name}-{at}", "") for name in ("account", "debit", "credit", "tax")),
        )
        for number, at in enumerate(sorted(sent), 1)
    ]
    key, day, description = (fields.get(name, "") for name in ("key", "day", "description"))
    return TypedJournal(key, day, description, lines)


def with_room(lines: list[TypedLine], more: int = 0) -> list[TypedLine]:
    """Return the lines with empty ones after them, `more` at least, up to the most there are."""
    count = min(max(len(lines) + more, FIRST_LINES), MOST_LINES)
    return [*lines, *(TypedLine(number) for number in range(len(lines) + 1, count + 1))]


def typed_lines(lines: list[DraftLine]) -> list[TypedLine]:
    """Return posted lines as they would be typed again."""
    return [
        TypedLine(
            number,
            line[0],
            format_shillings(line[1]) if line[1] > 0 else "",
            format_shillings(-line[1]) if line[1] < 0 else "",
            tax_of(line),
        )
        for number, line in enumerate(lines, 1)
    ]


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """A journal that can be proposed."""

    key: str
    day: date
    description: str
    lines: list[DraftLine]


def read_journal(typed: TypedJournal) -> ReadJournal:
    """Return the journal that was typed. Raises Incomplete and BadDay."""
    read = read_opening(typed)
    if not read.description:
        raise Incomplete("Say what the journal is for: the description stays in the books.")
    if len(read.description) > MOST_DESCRIPTION:
        raise Incomplete(f"The description has more than {MOST_DESCRIPTION} letters.")
    _refuse_unbalanced(read.lines)
    return read


def read_opening(typed: TypedJournal) -> ReadJournal:
    """Return the opening balances that were typed: they need not balance, nor a description.

    Raises Incomplete and BadDay.
    """
    if not is_form_key(typed.key):
        raise Incomplete("This page is incomplete. Reload it and write the journal again.")
    day = read_day(typed.day)
    lines = [line for typed_line in typed.lines if (line := _read_line(typed_line))]
    if not lines:
        raise Incomplete("Fill in at least one amount.")
    if len(lines) > MOST_LINES:
        raise Incomplete(
            f"{len(lines)} lines are filled in, and an entry has {MOST_LINES} at most: write the"
            " others as a second journal."
        )
    return ReadJournal(typed.key, day, typed.description.strip(), lines)


def _read_line(line: TypedLine) -> DraftLine | None:
    if line.is_empty:
        return None
    if line.debit.strip() and line.credit.strip():
        raise Incomplete(f"Line {line.number}: fill in debit or credit, not both.")
    if not line.code:
        raise Incomplete(f"Line {line.number}: choose its account.")
    if line.tax not in _LETTERS:
        raise Incomplete(f"Line {line.number}: there is no tax letter {line.tax}.")
    try:
        cents = parse_shillings(line.debit.strip() or line.credit.strip())
    except NotAnAmount as error:
        raise Incomplete(f"Line {line.number}: {error}") from error
    if not cents:
        raise Incomplete(f"Line {line.number}: the amount is zero. Leave the line empty instead.")
    signed = cents if line.debit.strip() else -cents
    return (line.code, signed, line.tax) if line.tax else (line.code, signed)


def _refuse_unbalanced(lines: list[DraftLine]) -> None:
    debits = sum(line[1] for line in lines if line[1] > 0)
    credits_ = -sum(line[1] for line in lines if line[1] < 0)
    if debits != credits_:
        raise Incomplete(
            f"Debits are {format_shillings(debits)} and credits {format_shillings(credits_)}:"
            f" {format_shillings(abs(debits - credits_))} are missing on one side."
        )
