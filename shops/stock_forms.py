"""What the forms of the stock's pages send, as typed and as read; refusals are sentences. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from money.cents import NotAnAmount, NotAQuantity, parse_quantity, parse_shillings
from money.forms.fields import id_of, is_form_key
from money.report import EVER, LAST_DAY

FEW_LINES = 5
MOST_LINES = 100
CARRY_LINES = 8


class BadForm(ValueError):
    """The form cannot be read; the message is a sentence for who typed it."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line of a purchase as it was typed, for the page and for reading."""

    name: str = ""
    quantity: str = ""
    amount: str = ""
    letter: str = ""
    batch: str = ""
    best_before: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name.strip() or self.quantity.strip() or self.amount.strip())

    def read_quantity(self) -> int:
        """Return thousandths. Raises BadForm naming the line."""
        return read_quantity(self.quantity, of=self.name)

    def read_amount(self) -> int:
        """Return cents, 0 for what was given for nothing. Raises BadForm naming the line."""
        return read_amount(self.amount, of=self.name)

    def read_best_before(self) -> date | None:
        """Return the best-before day, None where there is none. Raises BadForm naming the line."""
        if not self.best_before.strip():
            return None
        try:
            return read_day(self.best_before, date.min)
        except BadForm as error:
            raise BadForm(f"{self.name.strip() or 'A line'}: {_lowered(error)}") from error


def typed_lines(fields: Mapping[str, str]) -> list[TypedLine]:
    """Return the lines of a form, the empty ones too; five where there are none."""
    count = FEW_LINES
    text = fields.get("lines", "")
    if text.isascii() and text.isdigit() and len(text) < 4:  # noqa: PLR2004
        count = max(FEW_LINES, min(int(text), MOST_LINES))
    parts = ("item", "qty", "amount", "tax", "batch", "before")
    return [
        TypedLine(*(fields.get(f"{part}-{n}", "")[:80] for part in parts)) for n in range(count)
    ]


@dataclass(frozen=True, slots=True)
class TypedCarry:
    """A line of a transfer as it was typed: the product, how many, and what it is called there."""

    name: str = ""
    quantity: str = ""
    name_there: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name.strip() or self.quantity.strip())


def typed_carries(fields: Mapping[str, str]) -> list[TypedCarry]:
    """Return the lines of a transfer's form, the empty ones too."""
    parts = ("item", "qty", "as")
    return [
        TypedCarry(*(fields.get(f"{part}-{n}", "")[:80].strip() for part in parts))
        for n in range(CARRY_LINES)
    ]


def read_counts(fields: Mapping[str, str]) -> dict[int, int | None]:
    """Return line id -> thousandths from fields "c-7", None for emptied ones. Raises BadForm.

    What is as it was shown ("was-7") is left out: another one may have counted it meanwhile.
    """
    counted = {}
    for name, text in fields.items():
        line_id = id_of(name.removeprefix("c-")) if name.startswith("c-") else 0
        if line_id and text.strip() != fields.get(f"was-{line_id}", "").strip():
            counted[line_id] = read_counted(text, of=fields.get(f"name-{line_id}", ""))
    return counted


def read_counted(text: str, *, of: str) -> int | None:
    """Return the thousandths that were counted, 0 included; None for empty. Raises BadForm."""
    if not text.strip():
        return None
    is_nothing = text.isascii() and not text.strip(" 0.,") and "0" in text
    return 0 if is_nothing else read_quantity(text, of=of or "What you counted")


def read_goes_back(fields: Mapping[str, str]) -> dict[int, int]:
    """Return purchase line id -> thousandths from fields "back-7" that are filled in."""
    return {
        line_id: read_quantity(text, of="What goes back")
        for name, text in fields.items()
        if name.startswith("back-")
        and (line_id := id_of(name.removeprefix("back-")))
        and text.strip()
    }


def read_drawer(text: str) -> int | None:
    """Return the session whose drawer pays, from "drawer:7"; None for an account."""
    return id_of(text.removeprefix("drawer:")) if text.startswith("drawer:") else None


def read_key(fields: Mapping[str, str]) -> str:
    """Return the form's one-time key. Raises BadForm."""
    key = fields.get("key", "")
    if not is_form_key(key):
        raise BadForm("This page is incomplete. Reload it, then write it again.")
    return key


def read_day(text: str, today: date) -> date:
    """Return the day of a form, today where it is empty. Raises BadForm for none of a book's."""
    if not text.strip():
        return today
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 a plain day
    except ValueError as error:
        raise BadForm("Write the day as 2026-11-22.") from error
    if not EVER <= day <= LAST_DAY:
        raise BadForm(f"{day:%Y} is no year of these books. Write the day as 2026-11-22.")
    return day


def read_quantity(text: str, *, of: str) -> int:
    """Return thousandths. Raises BadForm."""
    try:
        return parse_quantity(text)
    except NotAQuantity as error:
        raise BadForm(f"{of.strip() or 'A line'}: {_lowered(error)}") from error


def read_amount(text: str, *, of: str) -> int:
    """Return cents. Raises BadForm."""
    try:
        return parse_shillings(text)
    except NotAnAmount as error:
        raise BadForm(f"{of.strip() or 'A line'}: {_lowered(error)}") from error


def read_reorder(text: str) -> int:
    """Return the thousandths of a reorder level, 0 where there is none. Raises BadForm."""
    return 0 if not text.strip(" 0.") else read_quantity(text, of="Reorder level")


def _lowered(error: Exception) -> str:
    words = str(error)
    return words[:1].lower() + words[1:]
