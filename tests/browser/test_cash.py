"""A drawer's day in a real browser: from the float to the owner who corrects its Z report."""

import random
import re
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser
LEAST_TOUCH = 44


def a_photo(path: Path, across: int = 1400) -> Path:
    """Write a PNG as large as a phone's camera makes them: grey noise, which does not pack."""
    noise = random.Random(2026).randbytes(across * across)
    rows = b"".join(b"\0" + noise[at : at + across] for at in range(0, len(noise), across))
    head = struct.pack(">IIBBBBB", across, across, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def a_drawer_of(person: Person, name: str) -> str:
    """Have the owner add a drawer of this test's own; return its name."""
    name = f"{name} {person.size}"
    page = person.sign_in("amina")
    page.goto(f"{person.house.url}/cash/duka/")
    page.click("text=Add a drawer")
    page.fill("#drawer-name", name)
    page.click("button:text-is('Add')")
    expect(page.locator(".note")).to_contain_text("one more drawer")
    return name


def card_of(page: Page, name: str) -> Locator:
    return page.locator("section.card", has=page.locator("h2", has_text=name))


def count(page: Page, **pieces: int) -> None:
    for piece, number in pieces.items():
        page.fill(f"input[name='n-{piece.removeprefix('of_')}']", str(number))


def looked_at(person: Person, name: str) -> None:
    """Take a picture, and insist that nothing sticks out."""
    person.picture(f"cash-{name}")
    assert person.fits(), name


def count_the_float(person: Person, name: str) -> None:
    """Count it as with one thumb: the figure, then Enter."""
    page = person.page
    page.goto(f"{person.house.url}/cash/duka/")
    looked_at(person, "closed")
    card_of(page, name).get_by_text("Count the float and open").click()
    page.focus("input[name='n-1000']")
    for typed in ("1", "", "3", "2", ""):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(page.locator("input[name='n-40']")).to_be_focused()
    expect(page.locator("#counted")).to_have_text("KES 1,800")
    boxes = [field.bounding_box() for field in page.locator("[data-piece]").all()]
    assert all(box and box["height"] >= LEAST_TOUCH for box in boxes)
    page.select_option("#source", "owner")
    looked_at(person, "float")
    page.click("button:text-is('Open the drawer')")
    page.wait_for_url("**/s/duka/")


def sell(page: Page) -> None:
    page.click(".tile:has-text('Sugar')")
    page.click("[data-note='200']")
    page.click("button[value=cash]")
    expect(page.locator("[data-stage=paid]")).to_be_visible(timeout=20_000)


def pay_out(person: Person, name: str, photo: Path) -> None:
    """Pay for fuel, with a picture that the browser makes smaller than the camera did."""
    page, card = person.page, card_of(person.page, name)
    page.goto(f"{person.house.url}/cash/duka/")
    expect(page.locator("section.card h2").first).to_have_text(name)
    card.get_by_text("Pay in, pay out").click()
    expect(card.locator(".found")).to_be_hidden()
    card.locator("[name=what]").select_option("in:found")
    expect(card.locator(".found")).to_be_visible()
    card.locator("[name=what]").select_option("out:fuel")
    card.locator("[name=amount]").fill("120")
    card.locator("[name=note]").fill("Boda to the depot")
    card.locator("[name=paper]").set_input_files(photo)
    page.wait_for_function(
        "document.querySelector('.cash-move[open] [name=paper]').files[0].name === 'slip.jpg'"
    )
    looked_at(person, "pay-out")
    card.get_by_role("button", name="Write down").click()
    expect(card.locator(".moves")).to_contain_text("Boda to the depot")
    with page.expect_download() as download:
        card.get_by_text("paper", exact=True).click()
    assert download.value.suggested_filename == "slip.jpg"
    assert Path(download.value.path()).stat().st_size < photo.stat().st_size


def drop(person: Person, name: str) -> None:
    """Put what is too much in the drawer into the safe."""
    card = card_of(person.page, name)
    card.get_by_text("Pay in, pay out").click()
    card.locator("[name=what]").select_option("drop:safe")
    card.locator("[name=amount]").fill("1000")
    card.get_by_role("button", name="Write down").click()
    expect(card.locator(".moves")).to_contain_text("To the safe")
    looked_at(person, "open")
    assert "should hold" not in person.page.content()


def count_and_close(person: Person, name: str, paper: Path) -> str:
    """Count blind, less than there should be; return the address of the Z report."""
    page = person.page
    card_of(page, name).get_by_text("Count and close").click()
    page.click("button:text-is('Close the drawer')")
    expect(page.locator(".refusal")).to_contain_text("Count the notes and coins")
    count(page, of_100=3, of_5=1)
    page.fill("#left", "300")
    looked_at(person, "count")
    assert "expected" not in page.content().lower()
    page.click("button:text-is('Close the drawer')")
    expect(page.locator(".verdict")).to_have_text(re.compile(r"KES [\d,]+ short"))
    expect(page.locator(".slip")).to_contain_text("EXPECTED")
    looked_at(person, "z")
    page.emulate_media(media="print")
    expect(page.locator(".tools")).to_be_hidden()
    page.pdf(path=paper, width="80mm", height="260mm")
    page.emulate_media(media="screen")
    assert paper.read_bytes().startswith(b"%PDF")
    return page.url


def explain(person: Person, report: str) -> None:
    """See it as the owner, at once; write a note, and say what the difference was."""
    page = person.sign_in_as("amina")
    expect(page.locator("body")).to_contain_text("differ by more than their limit and have no note")
    page.goto(report)
    expect(page.locator(".refusal")).to_contain_text("needs a manager's note")
    page.fill("#text", "Baraka paid the water man from the drawer")
    page.click("button:text-is('Write the note')")
    expect(page.locator(".slip")).to_contain_text("Baraka paid the water man")
    label = page.locator("#reason optgroup").first.get_attribute("label") or ""
    page.select_option("#reason", "short:water")
    page.fill("#amount", label.removeprefix("KES ").removesuffix(" short"))
    page.fill("#note", "His slip of today")
    looked_at(person, "correct")
    page.click("button:text-is('Correct')")
    expect(page.locator(".slip")).to_contain_text("His slip of today")
    expect(page.locator("#reason")).to_have_count(0)
    expect(page.locator(".refusal")).to_have_count(0)
    looked_at(person, "z-corrected")


def test_a_drawer_from_float_to_correction(person: Person, tmp_path: Path) -> None:
    name = a_drawer_of(person, "Counter")
    photo = a_photo(tmp_path / "slip.png")
    assert photo.stat().st_size > 1_500_000
    person.sign_in_as("baraka")

    count_the_float(person, name)
    sell(person.page)
    pay_out(person, name, photo)
    drop(person, name)
    report = count_and_close(person, name, tmp_path / "z.pdf")
    explain(person, report)

    person.page.goto(f"{person.house.url}/cash/duka/")
    looked_at(person, "owner")


def test_the_cash_pages_work_without_a_script(person: Person) -> None:
    name = a_drawer_of(person, "Plain")
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport=person.page.viewport_size)
    plain.add_cookies(person.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(f"{person.house.url}/cash/duka/")
    card = card_of(page, name)

    card.get_by_text("Count the float and open").click()
    count(page, of_100=2)
    page.click("button:text-is('Open the drawer')")
    page.goto(f"{person.house.url}/cash/duka/")
    card.get_by_text("Pay in, pay out").click()
    card.locator("[name=what]").select_option("drop:safe")
    card.locator("[name=amount]").fill("50")
    card.get_by_role("button", name="Write down").click()
    card.get_by_text("Count and close").click()
    count(page, of_50=3)
    page.click("button:text-is('Close the drawer')")

    expect(page.locator(".verdict")).to_contain_text("It ties")
    plain.close()
