"""The VAT return of a tax person for a month: what was sold and bought under each tax letter.

Nothing is reckoned from rates here: the figures are what the accounts moved under each letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from money.calendar import end_of_month
from money.cents import format_shillings
from money.chart import Code, parent_of
from money.models import TaxClass, TaxPerson
from money.report import NO_LETTER, Column, Figure, Period, Report, Row, Style, Where
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
# Returns and their payments are due on this day of the month after.
DUE_DAY = 20

_Moves = Mapping[tuple[str, str], Turnover]


@dataclass(frozen=True, slots=True)
class _Side:
    """Sales or purchases: which accounts are its base, which account its VAT, and their sign."""

    title: str
    base: tuple[str, ...]
    vat: tuple[str, ...]
    sign: int


def vat_return(*, tax_person: TaxPerson, month: date) -> Report:
    """Return Supplies | Net | VAT per tax letter for the month that `month` is a day of, in cents.

    All businesses of the tax person make one return. Output is positive, input is positive, and
    what is payable is output less input; negative is a credit to carry on. Lines on the VAT
    accounts without a letter, such as settlements, stand apart, so that all ties to the accounts.
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
    rows.append(Row((title, None, Figure(payable)), Style.GRAND))
    rows += _without_letter(moves, period)
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
        _warnings(tax_person, period, due),
    )


def _sides(codes: list[str]) -> tuple[_Side, _Side]:
    income = tuple(code for code in codes if code.startswith("4"))
    bought = tuple(code for code in codes if code[0] in "156" and code != Code.INPUT_VAT)
    return (
        _Side("Output: sales", income, (Code.OUTPUT_VAT,), -1),
        _Side("Input: purchases", bought, (Code.INPUT_VAT,), 1),
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
    total = f"Total {side.title.partition(':')[0].lower()}"
    rows.append(Row((total, *(Figure(cents) for cents in totals)), Style.TOTAL))
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
        rows.append(Row((title, None, Figure(bare, replace(where, tax_class=NO_LETTER))), level=1))
        rows.append(
            Row((f"Movement of {code} {name}", None, Figure(bare + lettered, where)), Style.TOTAL)
        )
    return rows


def _excise(moves: _Moves, period: Period) -> list[Row]:
    """Return what the excise account moved: charged (credits), paid or taken back (debits)."""
    rows = [Row(("Excise duty on water", None, None), Style.HEADING)]
    one = NOTHING
    for (code, _), turnover in moves.items():
        if parent_of(code) == Code.EXCISE_PAYABLE:
            one = one.plus(turnover)
    where = Where((Code.EXCISE_PAYABLE,), period.from_on, period.to_on)
    rows.append(Row(("Charged", None, Figure(one.credit_cents, where)), level=1))
    rows.append(Row(("Paid or taken back", None, Figure(-one.debit_cents, where)), level=1))
    rows.append(Row(("Excise duty of the month", None, Figure(-one.net_cents, where)), Style.TOTAL))
    return rows


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
