"""The demo's drawers: whoever looks at it for the first time finds them open, and can sell."""

from datetime import datetime

from django.db.models import Q

from money.chart import Code
from money.models import Business, User
from money.queries import balances_of
from shops.actions.drawers import first_drawer, open_session
from shops.cash_reasons import PIECES
from shops.models import CashSession, FloatSource

FLOAT_CENTS = 200_000
# Who counts the float in, by the slug of the business.
WHO = {"maji": "halima", "dobi": "wanjiru", "duka": "baraka"}


def open_drawers(*, now: datetime) -> None:
    """Open the drawer of each demo business once, with what its books or its safe hold."""
    for slug, username in WHO.items():
        business = Business.objects.get(slug=slug)
        key = f"demo-first-{slug}"
        if CashSession.objects.filter(Q(closed_at=None) | Q(key=key), business=business).exists():
            continue
        drawer = first_drawer(business)
        held = balances_of([business], drawer.account_code).get(business.pk, 0)
        safe = balances_of([business], Code.SAFE).get(business.pk, 0)
        is_from_safe = held <= 0 and safe >= FLOAT_CENTS
        open_session(
            drawer_id=drawer.pk,
            business=business,
            key=key,
            counts=pieces_of(FLOAT_CENTS if is_from_safe else max(held, 0)),
            source=FloatSource.SAFE if is_from_safe else FloatSource.OWNER,
            by=User.objects.get(username=username),
            now=now,
        )


def pieces_of(cents: int) -> dict[str, int]:
    """Return the fewest notes and coins that make up the whole shillings of `cents`."""
    counts = {}
    left = cents // 100
    for piece in PIECES:
        number, left = divmod(left, piece)
        if number:
            counts[str(piece)] = number
    return counts
