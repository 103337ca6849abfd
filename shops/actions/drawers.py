"""Cash sessions: a drawer is counted in, sells, is counted out, and gets its Z report."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from money.access import limit_of
from money.actions.books import open_account
from money.actions.periods import locked_book
from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.limits import Limit
from money.models import Account, Business, User
from money.queries import balances_of
from shops.cash_reasons import counted_cents
from shops.models import CashSession, Drawer, FloatSource, ReceiptBook
from shops.queries.cash import figures_of, known_cents

FIRST_DRAWER = "Drawer"
_ACCOUNTS = {
    FloatSource.LEFT: Code.CASH_OVER_SHORT,
    FloatSource.SAFE: Code.SAFE,
    FloatSource.OWNER: Code.OWNER_CAPITAL,
}
MOST_DRAWERS = 20
MOST_NAME = 40


USED = "This page was used before. Reload it, then do it again."


class DrawerRefused(Exception):
    """The drawer cannot do that now; the message is a sentence for who stands at it."""


class NoSession(Exception):
    """No cash without an open session: the float is counted first."""


def first_drawer(business: Business) -> Drawer:
    """Return the drawer of account 1000; it is made when it is first asked for."""
    drawer, _ = Drawer.objects.get_or_create(
        business=business, account_code=Code.CASH_DRAWER, defaults={"name": FIRST_DRAWER}
    )
    return drawer


def add_drawer(*, business: Business, name: str) -> Drawer:
    """Open one more drawer, with an account under 1000. Raises DrawerRefused."""
    name = name.strip()
    if not name or len(name) > MOST_NAME:
        raise DrawerRefused(f"Give the drawer a name of at most {MOST_NAME} letters.")
    with transaction.atomic():
        locked_book(business)
        first_drawer(business)
        there = Drawer.objects.filter(business=business)
        if there.filter(name=name).exists():
            raise DrawerRefused(f"There is a drawer {name} already.")
        if there.count() >= MOST_DRAWERS:
            raise DrawerRefused(f"A business has at most {MOST_DRAWERS} drawers.")
        codes = set(Account.objects.filter(business=business).values_list("code", flat=True))
        code = next(
            code for n in range(2, 1000) if (code := f"{Code.CASH_DRAWER}.{n}") not in codes
        )
        open_account(business=business, code=code, name=f"Cash drawer: {name}")
        return Drawer.objects.create(business=business, name=name, account_code=code)


def open_session(
    *,
    drawer_id: int,
    business: Business,
    key: str,
    counts: Mapping[str, int],
    source: str,
    by: User,
    now: datetime,
) -> CashSession:
    """Begin a session with the float that was counted, and bring the drawer's account to it.

    `counts` are pieces by note and coin. The difference between them and the books is posted
    against what `source` names; where it is large, the session will need a manager's note. The
    same `key` and counts return the first while it is open. Raises DrawerRefused.
    """
    if source not in FloatSource.values:
        raise DrawerRefused("Say where the float comes from.")
    with transaction.atomic():
        drawer = _locked_drawer(drawer_id, business)
        if first := CashSession.objects.filter(key=key).first():
            done = (first.drawer_id, first.float_counts, first.float_source)
            is_same = done == (drawer.pk, dict(counts), source)
            if not is_same or not first.is_open:
                raise DrawerRefused(USED)
            return first
        if CashSession.objects.filter(drawer=drawer, closed_at=None).exists():
            raise DrawerRefused(f"{drawer} is open already. Sell, or count and close it first.")
        locked_book(business)
        found = balances_of([business], drawer.account_code).get(business.pk, 0)
        session = CashSession.objects.create(
            business=business,
            drawer=drawer,
            key=key,
            day=timezone.localdate(now),
            opened_by=by,
            opened_at=now,
            float_cents=counted_cents(dict(counts)),
            float_counts=dict(counts),
            float_source=source,
            found_cents=found,
        )
        if _is_large(session, by):
            session.needs_note = True
            session.save(update_fields=["needs_note"])
        _post_float(session, drawer, by, now)
    return session


def _is_large(session: CashSession, by: User) -> bool:
    """Tell whether a float differs by more than its counter may; it did so while nobody sold.

    Less than the books say, because the owner took it or it went into the safe, is as much as a
    pay-out without a note.
    """
    off, source = session.float_change_cents, session.float_source
    if source != FloatSource.LEFT and off >= 0:
        return False
    kind = Limit.CASH_DIFFERENCE if source == FloatSource.LEFT else Limit.PAY_OUT
    limit = limit_of(by, session.business, kind)
    return limit is not None and abs(off) > limit


def _post_float(session: CashSession, drawer: Drawer, by: User, now: datetime) -> None:
    """Dr drawer, Cr where the float is from; the other way round where there is less than booked.

    What the owner takes out of a float is a drawing, not capital that shrinks.
    """
    cents = session.float_change_cents
    if not cents:
        return
    other = _ACCOUNTS[FloatSource(session.float_source)]
    if cents < 0 and other == Code.OWNER_CAPITAL:
        other = Code.OWNER_DRAWINGS
    _post(
        session,
        key=f"float:{session.pk}",
        description=f"Float of {drawer} counted",
        lines=[(drawer.account_code, cents), (other, -cents)],
        by=by,
        now=now,
    )


def close_session(
    *,
    session_id: int,
    business: Business,
    counts: Mapping[str, int],
    left_cents: int | None,
    by: User,
    now: datetime,
) -> CashSession:
    """Close a session with what was counted blind; over and short are posted, and it gets its Z.

    `left_cents` stay in the drawer, the rest goes to the safe; None leaves all. A variance above
    the limit of who counts needs a manager's note. A closed session is returned as it is. Raises
    DrawerRefused.
    """
    counted = counted_cents(dict(counts))
    left = counted if left_cents is None else left_cents
    if not 0 <= left <= counted:
        raise DrawerRefused("What stays in the drawer is at most what was counted.")
    with transaction.atomic():
        session = locked_session(session_id, business)
        if not session.is_open:
            return session
        number, expected = _begin_close(session)
        variance = counted - expected
        limit = limit_of(by, business, Limit.CASH_DIFFERENCE)
        is_large = limit is not None and abs(variance) > limit
        session.closed_by, session.closed_at, session.z_number = by, now, number
        session.expected_cents, session.counted_cents = expected, counted
        session.counts, session.variance_cents, session.left_cents = dict(counts), variance, left
        session.needs_note = session.needs_note or is_large
        session.other_cents = expected - known_cents(session)
        session.figures = figures_of(session)
        session.save()
        _post_close(session, by, now)
    return session


def close_forgotten(*, now: datetime, after_hours: int) -> list[CashSession]:
    """Close, as uncounted, what was open for `after_hours` and longer; return what was closed."""
    rows = CashSession.objects.filter(
        closed_at=None, opened_at__lte=now - timedelta(hours=after_hours)
    )
    closed = []
    for session_id, business_id in list(rows.order_by("pk").values_list("pk", "business_id")):
        with transaction.atomic():
            business = Business.objects.get(pk=business_id)
            session = locked_session(session_id, business)
            if not session.is_open:
                continue
            session.z_number, session.expected_cents = _begin_close(session)
            session.closed_at = now
            session.needs_note = True
            session.other_cents = session.expected_cents - known_cents(session)
            session.figures = figures_of(session)
            session.save()
            closed.append(session)
    return closed


def locked_session(session_id: int, business: Business) -> CashSession:
    """Return a session with its drawer, locked until the transaction ends; raises DrawerRefused."""
    rows = CashSession.objects.select_for_update(of=("self",)).select_related("drawer", "business")
    session = rows.filter(pk=session_id, business=business).first()
    if session is None:
        raise DrawerRefused("There is no such session here.")
    return session


def session_for_cash(business: Business, drawer_id: int | None) -> CashSession:
    """Return the open session whose drawer takes the cash, locked; raises NoSession.

    `drawer_id` is the one that the cashier works at; with a single open one nobody has to say it.
    Cash that lies in a closed drawer is not booked into another.
    """
    rows = CashSession.objects.select_for_update(of=("self",)).select_related("drawer")
    there = list(rows.filter(business=business, closed_at=None).order_by("pk"))
    if not there:
        raise NoSession("The drawer is closed. Count the float first, then take cash.")
    mine = [session for session in there if session.drawer_id == drawer_id]
    if mine:
        return mine[0]
    if drawer_id and (own := Drawer.objects.filter(pk=drawer_id, business=business).first()):
        raise NoSession(
            f"{own} is closed, and this device's cash goes into it. Count its float first, or say"
            " on the cash page which drawer you work at."
        )
    if len(there) == 1:
        return there[0]
    raise NoSession("Several drawers are open. Say on the cash page which one is yours.")


def _locked_drawer(drawer_id: int, business: Business) -> Drawer:
    drawer = Drawer.objects.select_for_update().filter(pk=drawer_id, business=business).first()
    if drawer is None:
        raise DrawerRefused("There is no such drawer here.")
    return drawer


def _begin_close(session: CashSession) -> tuple[int, int]:
    """Return the next Z number, and the cents that the books have in the drawer; both locked."""
    ReceiptBook.objects.get_or_create(business=session.business)
    book = ReceiptBook.objects.select_for_update().get(business=session.business)
    book.last_z_number += 1
    book.save(update_fields=["last_z_number"])
    locked_book(session.business)
    code = session.drawer.account_code
    expected = balances_of([session.business], code).get(session.business_id, 0)
    return book.last_z_number, expected


def _post_close(session: CashSession, by: User, now: datetime) -> None:
    """Dr drawer Cr over and short, or the other way round; then what goes to the safe."""
    code, variance = session.drawer.account_code, session.variance_cents or 0
    if variance:
        _post(
            session,
            key=f"count:{session.pk}",
            description=f"Count of {session.drawer}, Z {session.z_number}",
            lines=[(code, variance), (Code.CASH_OVER_SHORT, -variance)],
            by=by,
            now=now,
        )
    if dropped := session.closing_drop_cents:
        _post(
            session,
            key=f"stow:{session.pk}",
            description=f"To the safe after Z {session.z_number}",
            lines=[(Code.SAFE, dropped), (code, -dropped)],
            by=by,
            now=now,
        )


def _post(
    session: CashSession,
    *,
    key: str,
    description: str,
    lines: list[DraftLine],
    by: User,
    now: datetime,
) -> None:
    draft = Draft(
        business=session.business,
        key=key,
        occurred_on=session.day,
        description=description,
        source=f"session {session.pk}",
        actor=by,
        lines=lines,
    )
    post(draft, posted_at=now)
