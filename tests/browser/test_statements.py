"""A statement file in a real browser: looked at, brought in by the worker, its days matched."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.mpesa.statements.books import PAY
from tests.mpesa.statements.makers import as_csv, new, new_row

pytestmark = pytest.mark.browser


def a_file(folder: Path, shortcode: str, day: str, *rows: list[str]) -> Path:
    path = folder / f"Statements for {shortcode} from {day} to {day}.csv"
    path.write_bytes(as_csv(new(*rows)))
    return path


def test_an_owner_brings_a_statement_in(person: Person, tmp_path: Path) -> None:
    number, shortcode = person.house.rows(
        "SELECT t.number, t.shortcode FROM mpesa_till t JOIN money_business b"
        " ON b.id = t.business_id WHERE b.slug = 'dobi'"
    )[0]
    # A day of its own for each size of screen.
    yesterday = timezone.localtime() - timedelta(days=1 if person.size == "360" else 2)
    time, day = f"{yesterday:%d/%m/%Y} 10:15:47", f"{yesterday:%Y-%m-%d}"
    receipt = f"UKM5A1{person.size:0>4}"
    file = a_file(
        tmp_path,
        shortcode,
        day,
        new_row("Pay Bill Charge", "0.00", "-20.00", receipt=receipt, time=time),
        new_row(PAY, "1,500.00", receipt=receipt, time=time),
        new_row("A new way of money", "7.00", receipt=f"{receipt[:-1]}Z", time=time),
    )

    page = person.sign_in("amina")
    page.goto(f"{person.house.url}/till/")
    tills_fit = person.fits()
    page.goto(f"{person.house.url}/till/{number}/statements/")
    page.set_input_files("#files", file)
    page.click("text=Look at it")
    expect(page.locator("h2").first).to_have_text("What would happen")
    expect(page.locator("tr:has-text('missing in our books')")).to_contain_text("1,500.00")
    person.picture("statement-preview")
    preview_fits = person.fits()

    page.click("text=Bring in")
    expect(page.locator("h1 .state")).to_have_text("Brought in", timeout=30_000)
    person.picture("statement-done")
    done_fits = person.fits()
    page.goto(f"{person.house.url}/till/{number}/statements/")
    expect(page.locator(".weeks li.tied")).not_to_have_count(0)
    person.picture("statements")

    assert [tills_fit, preview_fits, done_fits, person.fits()] == [True] * 4
    charge = f"statement:{number}:{receipt}:charge:-1"
    assert person.house.value(f"SELECT count(*) FROM money_entry WHERE \"key\" = '{charge}'") == 1


def test_a_file_of_another_till_is_refused_in_its_place(person: Person, tmp_path: Path) -> None:
    number = person.house.value("SELECT min(number) FROM mpesa_till")
    page = person.sign_in("amina")

    page.goto(f"{person.house.url}/till/{number}/statements/")
    page.set_input_files("#files", a_file(tmp_path, "600991", "2026-01-20"))
    page.click("text=Look at it")

    expect(page.locator(".refusal")).to_contain_text("This file is of 600991")
    person.picture("statement-refused")
    assert person.fits()
