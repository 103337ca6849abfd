"""Cashiers and tablets as processes: a program that tests/money/worker.py runs by `code`.

`VERB BARRIER PLACES ...`: each waits until so many are at the barrier, and they begin together.
"""

import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from money.actions.books import load_tax_rates
from money.models import Business, Line, Membership, Role, User
from money.verification import verify_books
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.drawers import (
    DrawerRefused,
    close_forgotten,
    close_session,
    first_drawer,
    open_session,
)
from shops.cash_verification import verify_cash
from shops.models import CashMove, CashSession, FloatSource, Product, Sale, Tender
from shops.verification import verify_sales
from tests import make


def say(*words: object) -> None:
    print(*words, flush=True)


def meet(barrier: str, places: str) -> None:
    """Wait until everybody is here."""
    here = Path(barrier)
    here.mkdir(exist_ok=True)
    (here / uuid.uuid4().hex).touch()
    until = time.monotonic() + 60
    while len(list(here.iterdir())) < int(places) and time.monotonic() < until:
        time.sleep(0.002)


def shop_of(slug: str) -> Business:
    return Business.objects.get(slug=slug)


def cashier() -> User:
    return User.objects.get(username="baraka")


def prepare(slug: str) -> None:
    """Make a cashier, a product of KES 100, and an open drawer."""
    load_tax_rates()
    by, _ = User.objects.get_or_create(username="baraka")
    Membership.objects.get_or_create(user=by, business=shop_of(slug), role=Role.CASHIER)
    make.a_product(shop_of(slug), name="Flour", shillings=100)
    opened(slug)


def opened(slug: str) -> CashSession:
    business = shop_of(slug)
    return open_session(
        drawer_id=first_drawer(business).pk,
        business=business,
        key=uuid.uuid4().hex,
        counts={},
        source=FloatSource.LEFT,
        by=cashier(),
        now=timezone.now(),
    )


PLAIN = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@override_settings(STORAGES=PLAIN)
def sell(barrier: str, places: str, slug: str, times: str) -> None:
    """Sell for cash at the page of the counter; print how often it was paid."""
    client, paid = Client(), 0
    client.force_login(cashier())
    product = Product.objects.get(business__slug=slug)
    meet(barrier, places)
    for _ in range(int(times)):
        fields = {"shown": "10000", f"line-{product.pk}": "1", "pay": "cash", "exact": "1"}
        response = client.post(f"/s/{slug}/sell", fields | {"key": uuid.uuid4().hex})
        assert response.status_code in {302, 422}, response.status_code
        if response.status_code == 422:
            assert b"Count the float first" in response.content
        paid += response.status_code == 302
    say(paid)


def spend(barrier: str, places: str, slug: str, times: str) -> None:
    """Pay in and out of whatever is open; print what was written down."""
    business, done = shop_of(slug), 0
    meet(barrier, places)
    for time_ in range(int(times)):
        kind, reason = (("in", "owner_in"), ("out", "fuel"))[time_ % 2]
        wish = Wish(key=uuid.uuid4().hex, kind=kind, reason=reason, cents=100, note="One")
        session = CashSession.objects.filter(business=business).order_by("-pk")[0]
        try:
            move_cash(
                session_id=session.pk,
                business=business,
                wish=wish,
                by=cashier(),
                now=timezone.now(),
            )
            done += 1
        except DrawerRefused:
            pass
    say(done)


def moved(session: CashSession, wish: Wish) -> CashMove:
    return move_cash(
        session_id=session.pk,
        business=session.business,
        wish=wish,
        by=cashier(),
        now=timezone.now(),
    )


def close(barrier: str, places: str, slug: str, times: str) -> None:
    """Close what is open with a blind count, and open again, several times."""
    business = shop_of(slug)
    meet(barrier, places)
    for _ in range(int(times)):
        time.sleep(0.15)
        session = CashSession.objects.get(business=business, closed_at=None)
        close_session(
            session_id=session.pk,
            business=business,
            counts={"100": 3},
            left_cents=0,
            by=cashier(),
            now=timezone.now(),
        )
        opened(slug)
    say("closed")


def forget(barrier: str, places: str, slug: str, times: str) -> None:
    """Close what was forgotten as the hourly schedule does, a day later, several times."""
    meet(barrier, places)
    closed = 0
    for _ in range(int(times)):
        time.sleep(0.1)
        found = close_forgotten(now=timezone.now() + timedelta(days=2), after_hours=18)
        closed += sum(session.business.slug == slug for session in found)
    say(closed)


def open_many(*slugs: str) -> None:
    """Open the drawer of each business a day ago."""
    for slug in slugs:
        User.objects.get_or_create(username="baraka")
        opened(slug)
    say("open")


def forget_slowly() -> None:
    """Close everything that was forgotten, and say when that begins."""
    say("closing")
    close_forgotten(now=timezone.now() + timedelta(days=2), after_hours=18)
    say("closed")


def zs(*slugs: str) -> None:
    """Print for each business its Z numbers that are closed, and whether all ties."""
    for slug in slugs:
        rows = CashSession.objects.filter(business__slug=slug, closed_at__isnull=False)
        say(*(f"{slug}:{number}" for number in rows.values_list("z_number", flat=True)))
    say(verify_cash() == [])


def open_here(barrier: str, places: str, slug: str) -> None:
    """Open the drawer; print the session, or that it was open."""
    meet(barrier, places)
    try:
        say(opened(slug).pk)
    except DrawerRefused:
        say("open-already")


def move_once(barrier: str, places: str, slug: str, key: str) -> None:
    """Pay out by one key; print the move."""
    business = shop_of(slug)
    session = CashSession.objects.get(business=business, closed_at=None)
    wish = Wish(key=key, kind="in", reason="owner_in", cents=100, note="Double click")
    meet(barrier, places)
    say(moved(session, wish).pk)


def look(slug: str) -> None:
    """Print what holds at the end, and how much cash the sales brought."""
    business = shop_of(slug)
    closed = CashSession.objects.filter(business=business, closed_at__isnull=False)
    numbers = list(closed.order_by("z_number").values_list("z_number", flat=True))
    late = [
        tender.pk
        for tender in Tender.objects.filter(sale__business=business).select_related("session")
        if tender.session and tender.session.closed_at and not posted_before(tender)
    ]
    with transaction.atomic():
        findings = [*verify_cash(), *verify_sales(), *verify_books().findings]
    sales = Sale.objects.filter(business=business)
    receipts = sorted(number or 0 for number in sales.values_list("number", flat=True))
    say(
        findings == [],
        numbers == list(range(1, len(numbers) + 1)),
        receipts == list(range(1, len(receipts) + 1)),
        late == [],
        in_figures(closed) == taken(closed),
        sales.count(),
        CashMove.objects.filter(session__business=business).count(),
        CashSession.objects.filter(business=business).count(),
    )


def posted_before(tender: Tender) -> bool:
    """Tell whether a sale's cash was in the books before the entry of its session's count."""
    cash, count = f"cash:{tender.pk}", f"count:{tender.session_id}"
    rows = Line.objects.filter(entry__key__in=[cash, count])
    numbers = dict(rows.values_list("entry__key", "entry__number"))
    return count not in numbers or numbers[cash] < numbers[count]


def in_figures(closed: QuerySet[CashSession]) -> int:
    return sum(session.figures["cash_cents"] for session in closed if session.figures)


def taken(closed: QuerySet[CashSession]) -> int:
    rows = Tender.objects.filter(session__in=closed).values_list("amount_cents", "rounding_cents")
    return sum(amount + rounding for amount, rounding in rows)


VERBS = {
    verb.__name__: verb
    for verb in (
        *(prepare, sell, spend, close, forget, open_here, move_once, look),
        *(open_many, forget_slowly, zs),
    )
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
