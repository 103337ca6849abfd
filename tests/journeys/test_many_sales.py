"""Two hundred sales at once of what there is for a hundred and fifty, over HTTP.

Half of the counters sell two things, the other half a bundle of the two: the levels of both are
wanted at once, in either order.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.house import Browser, House, opened

pytestmark = [pytest.mark.journey, pytest.mark.long]

COUNTERS, SALES_EACH, THERE = 10, 20, 150

BEGIN = f"""
import json
from django.utils import timezone
from money.models import Business, User
from shops.actions.drawers import first_drawer, open_session
from shops.actions.goods import set_price
from shops.actions.items import keep_count_of
from shops.actions.opening import open_stock
from shops.actions.recipes import set_recipe
from shops.models import CashSession, Product
now, amina = timezone.now(), User.objects.get(username="amina")
duka, today = Business.objects.get(slug="duka"), timezone.localdate()
if not CashSession.objects.filter(business=duka, closed_at=None).exists():
    open_session(drawer_id=first_drawer(duka).pk, business=duka, key="many-sales", counts={{}},
                 source="left", by=amina, now=now)
drawer = CashSession.objects.filter(business=duka, closed_at=None).first().drawer_id
def product(name, cents):
    row = Product.objects.create(business=duka, name=name, tax_class="C", sales_account="4040")
    set_price(product=row, price_cents=cents, from_day=today, by=amina, now=now)
    return row
def counted(name, cents, value):
    row = product(name, cents)
    item = keep_count_of(product=row, stock_account="1400", cost_account="5040", reorder_milli=0,
                         allows_negative=False, by=amina)
    open_stock(item=item, quantity_milli={THERE}_000, value_cents=value, counted_on=today,
               key="many-" + name, by=amina, now=now)
    return row
chai, mandazi = counted("Chai", 2_000, 150_011), counted("Mandazi", 1_000, 100_007)
both = product("Chai na mandazi", 2_500)
set_recipe(product=both, parts={{mandazi.pk: 1_000, chai.pk: 1_000}}, cost_account="5040",
           comes_back=True, by=amina, now=now)
print(json.dumps([drawer, chai.pk, mandazi.pk, both.pk]))
"""
# What a log says of a request that failed, however it ended for the cashier.
TROUBLE = re.compile(
    r"Traceback|Internal Server Error|deadlock|serializ|database is locked", re.IGNORECASE
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path) as house:
        yield house


def rung(browser: Browser, cart: dict[str, str], times: int) -> list[str]:
    """Sell a cart one time after the other; return what the cashier saw each time."""
    seen = []
    for _ in range(times):
        fields = browser.form() | {"key": secrets.token_hex(16)} | cart
        answer = browser.sell(fields | {"exact": "1", "pay": "cash"})
        if answer.status_code == 200 and 'data-stage="paid"' in answer.text:
            seen.append("sold")
        elif answer.status_code == 422 and "is sold out. Take it out" in answer.text:
            seen.append("sold out")
        else:
            seen.append(f"{answer.status_code} {answer.text[:2000]}")
    return seen


def deadlocks(house: House) -> int:
    """Return how many the database has broken up, also where a second try hid it.

    SQLite has one writer at a time, so none can be. A connection counts when it ends at the latest.
    """
    if not house.server_url:
        return 0
    rows = f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{house.database}'"
    return int(house.value(rows))


def test_two_hundred_sales_at_once(house: House) -> None:
    drawer, chai, mandazi, both = json.loads(house.run_code(BEGIN))
    carts = (
        {"shown": "3000", f"line-{mandazi}": "1", f"line-{chai}": "1"},
        {"shown": "2500", f"line-{both}": "1"},
    )
    browsers = [house.sign_in("baraka") for _ in range(COUNTERS)]
    for browser in browsers:
        browser.client.cookies.set("duka_drawer", str(drawer))

    with ThreadPoolExecutor(COUNTERS) as pool:
        jobs = [
            pool.submit(rung, browser, carts[number % 2], SALES_EACH)
            for number, browser in enumerate(browsers)
        ]
        seen = Counter(word for job in jobs for word in job.result())

    assert seen == {"sold": THERE, "sold out": COUNTERS * SALES_EACH - THERE}
    level = "SELECT on_hand_milli, reserved_milli, value_cents FROM shops_stocklevel"
    assert house.rows(f"{level} WHERE item_id IN ({chai}, {mandazi})") == [(0, 0, 0)] * 2
    house.leave()
    house.stop("web")
    assert TROUBLE.findall(house.log("web")) == []
    assert deadlocks(house) == 0
    house.check_books()
