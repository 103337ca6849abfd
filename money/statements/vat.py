"""The VAT return of a tax person for a month: what was sold and bought under each tax letter.

Nothing is reckoned from rates here: the figures are what the accounts moved under each letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from money.calendar import end_of_month
from money.cents import format_shillings
from money.chart import Code, parent_of
from money.models import TaxClass, TaxPerson
from money.report import NO_LETTER, Column, Figure, Part, Period, Report, Row, Style, Where
from money.snapshot import snapshot
from money.statements.figures import (
    NOTHING,
    ONE_DAY,
    Turnover,
    accounts_of,
    changes_by_letter,
)

_NAME, _TITLE = "vat-return", "VAT return"
# As the return asks: taxable at both rates, zero-rated, exempt, outside VAT.
_LETTERS = (
    TaxClass.STANDARD,
    TaxClass.REDUCED,
    TaxClass.ZERO,
    TaxClass.EXEMPT,
    TaxClass.NON_VAT,
)
_ANY_LETTER = "".join(_LETTERS)
# Returns and their payments are due on this day of the month after.
DUE_DAY = 20

# What is bought to be used for years, and may be sold one day.
_EQUIPMENT = "17"

_Moves = Mapping[tuple[str, str], Turnover]


@dataclass(frozen=True, slots=True)
class _Side:
    """Sales or purchases: which accounts are its base, which account its VAT, and their sign.

    Equipment has two sides: what was debited to it was bought, what was credited was sold.
    """

    title: str
    base: tuple[str, ...]
    vat: tuple[str, ...]
    sign: int
    equipment: tuple[str, ...]
    verb: str

    def of_equipment(self, turnover: Turnover) -> int:
        return turnover.credit_cents if self.sign < 0 else turnover.debit_cents

    @property
    def equipment_part(self) -> tuple[str, ...]:
        """The codes of what `of_equipment` counts."""
        part = Part.CREDITS if self.sign < 0 else Part.DEBITS
        return tuple(part.of(code) for code in self.equipment)


def vat_return(*, tax_person: TaxPerson, month: date) -> Report:
    """Return Supplies | Net | VAT per tax letter for the month that `month` is a day of, in cents.

    All businesses of the tax person make one return. Output is positive, input is positive, and
    what is payable is output less input; negative is a credit to carry on. Lines on the VAT
    accounts without a letter, such as settlements, stand apart, so that all ties to the accounts;
    so do lines with a letter on accounts that are neither sold nor bought.
    """
    period = Period(month.replace(day=1), end_of_month(month))
    with snapshot():
        businesses = list(tax_person.businesses.order_by("pk"))
        accounts = accounts_of(businesses)
        moves = changes_by_letter(accounts, period)
    codes = sorted({parent_of(code) for _, code in accounts.keys.values()})
    sides = _sides(codes)
    rows, due = [], []
    for side in sides:
        section, vat_cents = _section(side, moves, period)
        rows += section
        due.append(vat_cents)
    payable = due[0] - due[1]
    title = "VAT payable" if payable >= 0 else "VAT credit carried forward"
    both = sides[0].vat + sides[1].vat
    where = Where(both, period.from_on, period.to_on, _ANY_LETTER)
    rows.append(Row((title, None, Figure(payable, where)), Style.GRAND))
    rows += _without_letter(moves, period)
    strays = _strays(moves)
    rows += _with_letter_elsewhere(moves, strays, period)
    if _since(tax_person.excise_licensed_from, period):
        rows += _excise(moves, period)
    return Report(
        _NAME,
        _TITLE,
        f"{tax_person.name}, {tax_person.kra_pin}",
        f"{period.to_on:%B %Y}",
        [Column("Supplies"), Column("Net", is_figures=True), Column("Tax", is_figures=True)],
        rows,
        _notes(tax_person, period),
        [*_warnings(tax_person, period, due), *_about(strays)],
    )


def _sides(codes: list[str]) -> tuple[_Side, _Side]:
    income = tuple(code for code in codes if code.startswith("4"))
    equipment = tuple(code for code in codes if code.startswith(_EQUIPMENT))
    others = {Code.INPUT_VAT, *equipment}
    bought = tuple(code for code in codes if code[0] in "156" and code not in others)
    return (
        _Side("Output: sales", income, (Code.OUTPUT_VAT,), -1, equipment, "sold"),
        _Side("Input: purchases", bought, (Code.INPUT_VAT,), 1, equipment, "bought"),
    )


def _sum(
    moves: _Moves, codes: tuple[str, ...], letter: str, part: Callable[[Turnover], int]
) -> int:
    wanted = set(codes)
    return sum(
        part(one)
        for (code, under), one in moves.items()
        if under == letter and parent_of(code) in wanted
    )


def _net(turnover: Turnover) -> int:
    return turnover.net_cents


def _section(side: _Side, moves: _Moves, period: Period) -> tuple[list[Row], int]:
    """Return the rows of a side, and its VAT in cents."""
    rows = [Row((side.title, None, None), Style.HEADING)]
    totals = [0, 0]
    for letter in _LETTERS:
        cells = []
        for index, codes in enumerate((side.base, side.vat)):
            cents = side.sign * _sum(moves, codes, letter, _net)
            totals[index] += cents
            cells.append(Figure(cents, Where(codes, period.from_on, period.to_on, letter)))
        rows.append(Row((letter.label, *cells), level=1))
        if cents := _sum(moves, side.equipment, letter, side.of_equipment):
            totals[0] += cents
            where = Where(side.equipment_part, period.from_on, period.to_on, letter)
            title = f"{letter.label}, equipment {side.verb}"
            rows.append(Row((title, Figure(cents, where), None), level=1))
    total = f"Total {side.title.partition(':')[0].lower()}"
    wheres = (
        Where(codes, period.from_on, period.to_on, _ANY_LETTER)
        for codes in (side.base + side.equipment_part, side.vat)
    )
    rows.append(Row((total, *map(Figure, totals, wheres)), Style.TOTAL))
    return rows, totals[1]


def _without_letter(moves: _Moves, period: Period) -> list[Row]:
    """Return what ties the VAT above to all that the VAT accounts moved."""
    rows = [Row(("Ties to the accounts", None, None), Style.HEADING)]
    for code, name, sign in (
        (Code.OUTPUT_VAT, "Output VAT", -1),
        (Code.INPUT_VAT, "Input VAT", 1),
    ):
        bare = sign * _sum(moves, (code,), "", _net)
        lettered = sign * sum(_sum(moves, (code,), letter, _net) for letter in _LETTERS)
        title = f"{name} without a letter (settlements, adjustments)"
        where = Where((code,), period.from_on, period.to_on)
        rows.append(Row((title, None, Figure(bare, replace(where, letters=NO_LETTER))), level=1))
        rows.append(
            Row((f"Movement of {code} {name}", None, Figure(bare + lettered, where)), Style.TOTAL)
        )
    return rows


def _strays(moves: _Moves) -> dict[str, tuple[str, ...]]:
    """Return tax letter -> accounts with lines under it that are in no return, sorted."""
    found = {
        letter: sorted(
            code
            for (code, under), one in moves.items()
            if under == letter and one != NOTHING and _is_in_no_return(parent_of(code))
        )
        for letter in _LETTERS
    }
    return {letter: tuple(codes) for letter, codes in found.items() if codes}


def _is_in_no_return(code: str) -> bool:
    return code.startswith(("2", "3")) and code != Code.OUTPUT_VAT


def _with_letter_elsewhere(
    moves: _Moves, strays: Mapping[str, tuple[str, ...]], period: Period
) -> list[Row]:
    if not strays:
        return []
    rows = [Row(("With a letter on other accounts", None, None), Style.HEADING)]
    for letter, codes in strays.items():
        cents = -sum(moves[code, letter].net_cents for code in codes)
        figure = Figure(cents, Where(codes, period.from_on, period.to_on, letter))
        rows.append(Row((TaxClass(letter).label, figure, None), level=1))
    return rows


def _about(strays: Mapping[str, tuple[str, ...]]) -> list[str]:
    codes = sorted({code for some in strays.values() for code in some})
    if not codes:
        return []
    where = ", ".join(codes)
    return [f"Tax letters on {where} are not in this return: correct the entries of those lines."]


def _excise(moves: _Moves, period: Period) -> list[Row]:
    """Return the duty of the month, and what its account moved: charged (credits), paid (debits).

    What is paid in a month is the duty of the month before.
    """
    duty, owed = (
        reduce(Turnover.plus, (o for (c, _), o in moves.items() if parent_of(c) == code), NOTHING)
        for code in (Code.EXCISE, Code.EXCISE_PAYABLE)
    )
    days = (period.from_on, period.to_on)
    of_duty, of_owed, charged, paid = (
        Where((code,), *days)
        for code in (
            *(Code.EXCISE, Code.EXCISE_PAYABLE),
            *(part.of(Code.EXCISE_PAYABLE) for part in (Part.CREDITS, Part.DEBITS)),
        )
    )
    movement = f"Movement of {Code.EXCISE_PAYABLE} Excise duty payable"
    return [
        Row(("Excise duty on water", None, None), Style.HEADING),
        Row(("Excise duty of the month", None, Figure(duty.net_cents, of_duty)), Style.TOTAL),
        Row(("Charged", None, Figure(owed.credit_cents, charged)), level=1),
        Row(("Paid or taken back", None, Figure(-owed.debit_cents, paid)), level=1),
        Row((movement, None, Figure(-owed.net_cents, of_owed)), Style.TOTAL),
    ]


def _since(from_on: date | None, period: Period) -> bool:
    return from_on is not None and from_on <= period.to_on


def _notes(tax_person: TaxPerson, period: Period) -> list[str]:
    due_on = (period.to_on + ONE_DAY).replace(day=DUE_DAY)
    registered_from = tax_person.vat_registered_from
    if not _since(registered_from, period):
        return ["Not registered for VAT in this month: no VAT is charged and none is reclaimed."]
    notes = [f"Return and payment are due by {due_on:%-d %B %Y}."]
    if registered_from and registered_from > period.from_on:
        notes.append(f"Registered for VAT from {registered_from:%-d %B %Y}.")
    return notes


def _warnings(tax_person: TaxPerson, period: Period, due: list[int]) -> list[str]:
    if _since(tax_person.vat_registered_from, period) or not any(due):
        return []
    output, input_ = (format_shillings(cents) for cents in due)
    return [f"Not registered, and yet VAT is booked: KES {output} output, KES {input_} input."]
