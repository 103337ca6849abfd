"""The inbox in a real browser: on a phone at the counter, and on the owner's laptop."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

PAY = """
from datetime import datetime, timedelta
from django.utils import timezone
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.models import Source, Till
now = timezone.now()
payments = {payments!r}
for receipt, cents, phone, name, typed in payments:
    record_payment(
        Seen(
            source=Source.CONFIRMATION,
            till=Till.objects.get(number="9900302"),
            receipt=receipt,
            amount_cents=cents,
            paid_at=now,
            payer=PayerFacts(phone=phone, name=name, account_reference=typed),
        ),
        recorded_at=now,
    )
"""


def pay(person: Person, *payments: tuple[str, int, str, str, str]) -> list[str]:
    """Record confirmations (receipt's end, cents, phone, name, typed); return their receipts."""
    rows = [(f"UKM{person.size:0>4}{end}", *rest) for end, *rest in payments]
    person.house.run_code(PAY.format(payments=rows))
    return [str(row[0]) for row in rows]


def sold_without_an_answer(person: Person) -> str:
    """Ask a phone that never answers, and return the sale's id."""
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Maize flour')")
    page.fill("#phone", f"07{person.size:>04}0777")
    person.house.simulator.preset("silent")
    page.click("button[value=mpesa]")
    expect(page.locator("[data-stage=silent]")).to_be_visible(timeout=20_000)
    return page.url.rstrip("/").split("/")[-1]


def match_when_the_prompt_has_ended(person: Person, sale: str) -> None:
    """Until it has ended, the phone may ring, and nothing is matched over it.

    It ends with a query that the sweep of the next full minute asks: after 43 to 103 seconds.
    """
    end = time.monotonic() + 150
    while time.monotonic() < end:
        person.page.fill("input[name=named]", f"SALE{sale}")
        with person.page.expect_navigation():
            person.page.click(".other button")
        if person.page.locator(".note").count():
            return
        person.page.wait_for_timeout(2_000)


def undo(person: Person, receipt: str) -> None:
    page = person.page
    page.goto(f"{person.house.url}/inbox/duka/")
    page.click(f"li:has-text('{receipt}') summary")
    page.fill(f"input[aria-label='Why {receipt} is undone']", "It was another customer's")
    page.click(f"li:has-text('{receipt}') form button")
    expect(page.locator(".note")).to_contain_text(f"{receipt} is back in the inbox")


def test_a_payment_without_its_answer_is_picked_matched_and_undone(person: Person) -> None:
    sale, page = sold_without_an_answer(person), person.page
    [receipt, _] = pay(
        person,
        ("AAA", 18_000, "2547 ***** 126", "ALICE WAMBUI", ""),
        ("BBB", 76_500, "", "", "shoes for Otieno, second floor"),
    )

    page.click("text=Pick the payment from the inbox")
    expect(page.locator(f".payment:has-text('{receipt}') .offer").first).to_contain_text(
        "same amount"
    )
    person.picture("inbox-for-a-sale")
    fits = [person.fits()]
    page.click("text=All")
    expect(page.locator(".totals.ties")).to_be_visible()
    person.picture("inbox-cashier")
    page.fill("#find", receipt)
    page.press("#find", "Enter")
    match_when_the_prompt_has_ended(person, sale)
    expect(page.locator(".note")).to_contain_text(f"{receipt} is matched to receipt")
    person.sign_in_as("amina")
    undo(person, receipt)
    expect(page.locator(".lost-sales")).to_contain_text("KES 180 owed")
    page.click("summary:has-text('credit or refund') >> nth=0")
    person.picture("inbox-owner")
    fits.append(person.fits())
    page.goto(f"{person.house.url}/s/duka/sales/{sale}/")
    expect(page.locator("[data-stage=owed]")).to_contain_text("KES 180 is owed")
    person.picture("owed")
    fits.append(person.fits())
    page.click("text=Exact")
    expect(page.locator("[data-stage=paid]")).to_be_visible()
    assert fits == [True] * 3


def test_the_owner_sets_aside_without_javascript(person: Person) -> None:
    browser = person.context.browser
    assert browser
    [receipt] = pay(person, ("CCC", 50_000, "2547 ***** 551", "OTIENO", "deposit"))
    plain = browser.new_context(java_script_enabled=False, viewport=person.page.viewport_size)
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "amina")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.goto(f"{person.house.url}/inbox/duka/?q={receipt}")

    page.click("summary:has-text('credit or refund')")
    page.fill("input[name=amount]", "200")
    page.fill("input[name=note]", "Deposit for a cylinder")
    page.click("text=Hold as credit")
    expect(page.locator(".note")).to_contain_text(f"KES 200 of {receipt} is held")
    page.click("summary:has-text('credit or refund')")
    page.fill("input[name=amount]", "1000")
    page.click("text=To give back")
    expect(page.locator(".refusal")).to_contain_text("has KES 300 left")
    person.picture("inbox-refusal", page)

    plain.close()
