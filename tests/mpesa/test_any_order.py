"""Any order, repetition, loss and death: the books end the same, and always tie.

FAULT_SEQUENCES says how many lives are lived; --hypothesis-seed=N makes them the same again.
"""

import logging
import os
import time

import httpx
import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import engine

from money.verification import verify_books
from mpesa.actions.requests import client_for
from shops.actions.settle import ask_mpesa
from tests.make import NOW, a_product, a_sale, a_session, amina, baraka
from tests.mpesa.conftest import Shop
from tests.mpesa.lives import PHONE, Life, Setting
from tests.mpesa.other_side import Safaricom

# A failure is shown while its cause is still of interest.
engine.MAX_SHRINKING_SECONDS = 30
SEQUENCES = int(os.environ.get("FAULT_SEQUENCES", "60"))
VERIFIED_EACH = 10
SHILLINGS = (180, 180, 500)
DEATHS = st.just(0) | st.just(0) | st.integers(1, 45)
EVENTS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 7), st.integers(0, 11), DEATHS),
    min_size=6,
    max_size=28,
)


@pytest.fixture
def setting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """A shop with open sales, and a token of the gateway: the network is the other side."""
    owner, cashier = amina(), baraka()
    a_session(shop.business)
    sales = tuple(
        a_sale(shop.business, product=a_product(shop.business, name=f"Thing {n}", shillings=each))
        for n, each in enumerate(SHILLINGS)
    )
    for sale in sales:
        ask_mpesa(sale_id=sale.pk, key=f"first-{sale.pk}", phone=PHONE, by=cashier, now=NOW)
    side = Safaricom(NOW)
    monkeypatch.setattr(httpx, "get", side.get)
    monkeypatch.setattr(httpx, "post", side.post)
    with time_machine.travel(NOW, tick=False):
        client_for(shop.till).pull_page(
            shortcode=shop.till.shortcode, start=NOW, end=NOW, offset=0, now=NOW
        )
    return Setting(shop.till, owner, cashier, sales)


def test_any_order_ends_in_the_same_books(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lived, events_played = 0, 0
    began, busy = time.perf_counter(), time.process_time()

    @settings(
        max_examples=SEQUENCES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(EVENTS)
    def live(events: list[tuple[int, int, int, int]]) -> None:
        nonlocal lived, events_played
        lived, events_played = lived + 1, events_played + len(events)
        side = Safaricom(NOW)
        monkeypatch.setattr(httpx, "post", side.post)
        with transaction.atomic(), time_machine.travel(NOW, tick=False) as clock:
            life = Life(setting, side, clock)
            logger = logging.getLogger("periodic.tasks")
            logger.addHandler(life.faults)
            try:
                for event in events:
                    life.play(*event)
                life.end()
                if lived % VERIFIED_EACH == 0:
                    assert verify_books().findings == []
            finally:
                logger.removeHandler(life.faults)
                transaction.set_rollback(True)

    live()

    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    with capsys.disabled():
        print(
            f"\n{connection.vendor}: {lived:,} lives of {events_played:,} events in {seconds:.0f} s"
            f" ({busy:.0f} s of CPU)"
        )
