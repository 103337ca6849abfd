"""A newcomer's count: taps and seconds from the counter to a paid sale, on both screens.

A tap is a press of what can be seen at that moment, without scrolling. Signed in, the drawer open.
"""

import time

import pytest
from playwright.sync_api import Page  # noqa: TC002 as the other journeys import it

from tests.browser.conftest import Person
from tests.browser.test_counter import phone_of, stage

pytestmark = pytest.mark.browser

MOST_SECONDS = 10.0


class Count:
    """Presses what is on the screen, and counts."""

    def __init__(self, person: Person) -> None:
        self.page: Page = person.sign_in("baraka")
        self.size, self.taps, self.began = person.size, 0, time.monotonic()

    def tap(self, selector: str) -> None:
        """Press the middle of what `selector` finds; it has to be whole on the screen."""
        target = self.page.locator(selector).first
        target.wait_for()
        box, screen = target.bounding_box(), self.page.viewport_size
        assert box
        assert screen
        assert box["y"] >= 0, f"{selector} is above the screen"
        assert box["y"] + box["height"] <= screen["height"], f"{selector} is below the screen"
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.taps += 1

    @property
    def is_small(self) -> bool:
        return self.size == "360"

    def paid(self, what: str) -> float:
        """Wait for the sale to be paid; return the seconds since the counter was there."""
        stage(self.page, "paid")
        seconds = time.monotonic() - self.began
        print(f"{what} at {self.size} px: {self.taps} taps, {seconds:.1f} s")
        return seconds


def test_a_fast_mover_is_sold_for_cash_in_three_taps(person: Person) -> None:
    count = Count(person)

    count.tap(".tile")
    if count.is_small:
        count.tap("#jump a >> nth=0")
    count.tap("button[name=exact]")

    assert count.paid("cash") < MOST_SECONDS
    assert count.taps <= 3


def test_a_fast_mover_is_sold_by_mpesa_in_four_taps_and_the_number(person: Person) -> None:
    person.house.simulator.post("/sim/knobs", autopilot="approve", answer_after_ms=0)
    count = Count(person)

    count.tap(".tile")
    count.tap("#jump-mpesa" if count.is_small else "#phone")
    # The field has the focus: the number is typed at once.
    count.page.keyboard.type(phone_of(person, "0077"), delay=70)
    count.tap("button[value=mpesa]")

    assert count.paid("M-Pesa") < MOST_SECONDS + 10
    assert count.taps <= 4
