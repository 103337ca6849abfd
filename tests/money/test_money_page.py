"""What docs/money.md shows is what the code computes."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from money.actions.books import SHIPPED_EXCISE_RATES, SHIPPED_TAX_RATES
from money.cents import excise_part, parse_shillings, vat_part

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "money.md").read_text()


def table(*titles: str) -> Iterator[tuple[str, ...]]:
    """Return the rows of the one table on the page with these titles."""
    head = "| " + " | ".join(titles) + " |"
    assert PAGE.count(head) == 1, head
    for line in PAGE.split(head)[1].splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield tuple(cell.strip() for cell in line.strip("|").split("|"))


def test_the_vat_table_is_what_the_code_computes() -> None:
    rows = list(table("Gross", "Letter", "VAT", "Net"))

    for gross, letter, vat, net in rows[:-1]:
        rate = re.search(r"(\d+) %", letter)
        tax = vat_part(parse_shillings(gross), int(rate[1]) * 100 if rate else 0)
        assert (parse_shillings(vat), parse_shillings(net)) == (tax, parse_shillings(gross) - tax)
    sums = [sum(parse_shillings(row[column]) for row in rows[:-1]) for column in (0, 2, 3)]
    assert [parse_shillings(rows[-1][column]) for column in (0, 2, 3)] == sums
    assert {letter[0] for _, letter, _, _ in rows[:-1]} == {"A", "B", "C", "D", "E"}


def test_vat_of_the_sum_is_not_the_sum_of_vat_and_the_page_says_so() -> None:
    rows = [(row[0], row[1]) for row in table("Gross", "Letter", "VAT", "Net")]
    gross = sum(parse_shillings(amount) for amount, letter in rows[:-1] if letter.startswith("B"))
    per_line = sum(
        vat_part(parse_shillings(amount), 1600) for amount, letter in rows[:-1] if letter[0] == "B"
    )

    said = re.search(r"together ([\d,.]*\d) and not ([\d,.]*\d)", PAGE)

    assert said
    assert (parse_shillings(said[1]), parse_shillings(said[2])) == (per_line, vat_part(gross, 1600))
    assert per_line != vat_part(gross, 1600)


def test_the_excise_table_is_what_the_code_computes() -> None:
    rows = list(table("Litres", "Rate per litre", "Duty"))

    for litres, rate, duty in rows:
        millilitres = parse_shillings(litres) * 10
        assert excise_part(millilitres, parse_shillings(rate) * 1000) == parse_shillings(duty)
    assert len(rows) >= 3


def test_the_rates_on_the_page_are_the_shipped_ones() -> None:
    rows = list(table("Letter", "From", "Rate"))

    shipped = [(tax_class, day, rate_bp) for tax_class, day, rate_bp in SHIPPED_TAX_RATES]
    assert [
        (letter[0], date.fromisoformat(day), parse_shillings(rate.removesuffix(" %")))
        for letter, day, rate in rows
        if letter != "Excise"
    ] == shipped
    assert [
        (date.fromisoformat(day), parse_shillings(rate.split()[1]) * 1000)
        for letter, day, rate in rows
        if letter == "Excise"
    ] == list(SHIPPED_EXCISE_RATES)


@pytest.mark.parametrize("letter", "ABCDE")
def test_every_letter_has_a_rate(letter: str) -> None:
    assert letter in {tax_class for tax_class, _, _ in SHIPPED_TAX_RATES}
