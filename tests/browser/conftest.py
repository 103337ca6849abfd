"""A house of real processes and a headless Chromium in front of it.

SHORT=1 walks each journey on a phone, and the first one of each file on a desk as well.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.journeys.house import House, opened

CHROMIUM = "/usr/bin/chromium"
SIZES: dict[str, ViewportSize] = {
    "360": {"width": 360, "height": 740},
    "1280": {"width": 1280, "height": 800},
}
DESK = "1280"
# Waits for full minutes: begun last, it would keep a run waiting.
FIRST = "test_inbox.py"
PICTURES = Path(__file__).resolve().parent.parent.parent / "var" / "pictures"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a short run does not look at; begin with the files that take longest."""
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path.name != FIRST, -counts[item.path]))
    if not os.environ.get("SHORT"):
        return
    firsts: dict[Path, str] = {}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        assert isinstance(item, pytest.Function)
        size = item.callspec.params.get("person") if hasattr(item, "callspec") else None
        is_first = firsts.setdefault(item.path, item.originalname) == item.originalname
        (kept if size != DESK or is_first else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def whole_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house"), STK_PROMPT_SECONDS="12") as house:
        yield house


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    whole_house.simulator.post("/sim/reset")
    yield whole_house
    whole_house.check_books()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Person:
    """Somebody at a screen; pictures of what one sees go to var/pictures."""

    def __init__(self, context: BrowserContext, house: House, size: str) -> None:
        self.context, self.house, self.size = context, house, size
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, username: str) -> Page:
        self.page.goto(f"{self.house.url}/login")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", "karibu-duka")
        self.page.click("button.main")
        self.page.wait_for_url(lambda url: "/login" not in url)
        return self.page

    def sign_in_as(self, username: str) -> Page:
        """Leave, and come back as somebody else."""
        self.context.clear_cookies()
        return self.sign_in(username)

    def picture(self, name: str, page: Page | None = None) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        (page or self.page).screenshot(path=PICTURES / f"{name}-{self.size}.png", full_page=True)

    def fits(self) -> bool:
        """Whether nothing sticks out of the screen sideways."""
        wider: bool = self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        return wider

    def phone(self, number: str) -> Page:
        page = self.context.new_page()
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{self.house.simulator.url}/phone/{number}")
        return page


@pytest.fixture(params=SIZES)
def person(request: pytest.FixtureRequest, chromium: Browser, house: House) -> Iterator[Person]:
    context = chromium.new_context(viewport=SIZES[request.param])
    person = Person(context, house, request.param)
    yield person
    context.close()
    assert person.errors == []
