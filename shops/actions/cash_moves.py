"""Cash beside sales: paid in and out, to the safe, to the bank; and what explains a variance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from money.access import Ability, businesses_for, limit_of
from money.actions.papers import Paper, digest_of, keep_paper
from money.actions.periods import locked_book
from money.actions.posting import post
from money.cents import format_shillings
from money.chart import Code
from money.drafts import Draft
from money.limits import Limit
from money.models import Business, User
from money.queries import balances_of
from shops.actions.drawers import USED, DrawerRefused, locked_session
from shops.cash_reasons import BY_KIND, TO_SUPPLIER, WAS_OVER, WAS_SHORT, Reason, reason_of
from shops.models import (
    CashMove,
    CashSession,
    MoveKind,
    SafeBanking,
    SessionCorrection,
    SessionNote,
)
from shops.queries.cash import left_to_explain

MOST_CENTS = 100_000_000
MOST_NOTE = 200
MOST_SLIP = 60
MOST_MANAGERS_NOTE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Cash that somebody wants to move, as the form says it. `corrects_z` is a Z number."""

    key: str
    kind: str
    reason: str
    cents: int
    note: str = ""
    corrects_z: int | None = None
    paper: Paper | None = None


def move_cash(
    *,
    session_id: int,
    business: Business,
    wish: Wish,
    by: User,
    now: datetime,
    beside: Callable[[CashMove], None] | None = None,
) -> CashMove:
    """Write and post what goes into or out of an open drawer; the same wish returns the first.

    Pay-ins: Dr drawer Cr the reason's account; everything else the other way round. `beside`
    writes what a new move needs beside it, before it is posted. Raises DrawerRefused, BadPaper.
    """
    reason = _reason(BY_KIND.get(wish.kind, ()), wish.reason)
    if reason is TO_SUPPLIER and beside is None:
        raise DrawerRefused("Write which supplier is paid.")
    _refuse_amount(wish.cents)
    note = _note(wish.note, is_needed=wish.kind in {MoveKind.PAY_OUT, MoveKind.PAY_IN})
    with transaction.atomic():
        session = locked_session(session_id, business)
        if first := CashMove.objects.filter(key=wish.key).first():
            written = (first.session_id, first.kind, first.reason, first.amount_cents, first.note)
            if written != (session.pk, wish.kind, wish.reason, wish.cents, note):
                raise DrawerRefused(USED)
            return first
        if not session.is_open:
            raise DrawerRefused("This session is closed. Open the drawer again first.")
        _refuse_above_limit(wish, business, by)
        locked_book(business)
        _refuse_empty(wish, session, by)
        paper = keep_paper(wish.paper, business, by=by, at=now) if wish.paper else None
        move = CashMove.objects.create(
            session=session,
            key=wish.key,
            kind=wish.kind,
            reason=reason.code,
            account_code=reason.account_code,
            amount_cents=wish.cents,
            note=note,
            paper=paper,
            corrects=_corrected(wish, reason, business, by),
            by=by,
            at=now,
        )
        if beside:
            beside(move)
        _post_move(move, session, reason, wish.paper, now)
    return move


def _post_move(
    move: CashMove, session: CashSession, reason: Reason, paper: Paper | None, now: datetime
) -> None:
    stamp = f" file {digest_of(paper)[:32]}" if paper else ""
    draft = Draft(
        business=session.business,
        key=f"cashmove:{move.pk}",
        occurred_on=session.day,
        description=f"{move.get_kind_display()}: {reason.label}"[:200],
        source=f"cash move {move.pk}{stamp}",
        actor=move.by,
        lines=[
            (session.drawer.account_code, move.signed_cents),
            (reason.account_code, -move.signed_cents),
        ],
    )
    post(draft, posted_at=now)


def correct_session(
    *,
    session_id: int,
    business: Business,
    key: str,
    reason: str,
    cents: int,
    note: str,
    by: User,
    now: datetime,
) -> SessionCorrection:
    """Take a variance of a closed session out of cash over and short, to where it belongs.

    Positive `cents` were short: Dr the reason's account, Cr over and short, on the day it became
    known. No cash moves. The same key and content return the first. Raises DrawerRefused.
    """
    found = _reason(WAS_SHORT if cents > 0 else WAS_OVER, reason)
    _refuse_amount(abs(cents))
    note = _note(note, is_needed=True)
    with transaction.atomic():
        session = locked_session(session_id, business)
        locked_book(business)
        if first := SessionCorrection.objects.filter(key=key).first():
            if (first.session_id, first.reason, first.amount_cents) != (session.pk, reason, cents):
                raise DrawerRefused(USED)
            return first
        _refuse_correction(session, cents)
        correction = SessionCorrection.objects.create(
            session=session,
            key=key,
            reason=found.code,
            account_code=found.account_code,
            amount_cents=cents,
            note=note,
            by=by,
            at=now,
        )
        draft = Draft(
            business=business,
            key=f"cashfix:{correction.pk}",
            occurred_on=timezone.localdate(now),
            description=f"Z {session.z_number} corrected: {found.label}",
            source=f"session {session.pk}",
            actor=by,
            lines=[(found.account_code, cents), (Code.CASH_OVER_SHORT, -cents)],
        )
        post(draft, posted_at=now)
    return correction


def _refuse_correction(session: CashSession, cents: int) -> None:
    """Raise DrawerRefused for more than what the session still differs by, or the other way."""
    if session.is_open:
        raise DrawerRefused("Only a difference of a closed session is corrected.")
    short, over = left_to_explain(session)
    if not -over <= cents <= short:
        left, side = (short, "short") if cents > 0 else (over, "over")
        raise DrawerRefused(
            f"KES {format_shillings(max(left, 0))} of Z {session.z_number} are {side} and not"
            " explained yet; a correction is at most that."
        )


def note_session(
    *, session_id: int, business: Business, text: str, by: User, now: datetime
) -> SessionNote:
    """Write a manager's note to a closed session. The same text again is one note."""
    text = " ".join(text.split())
    if not text or len(text) > MOST_MANAGERS_NOTE:
        raise DrawerRefused(f"Write what happened, in at most {MOST_MANAGERS_NOTE} letters.")
    with transaction.atomic():
        session = locked_session(session_id, business)
        if session.is_open:
            raise DrawerRefused("This session is still open: there is nothing to explain yet.")
        note, _ = SessionNote.objects.get_or_create(
            session=session, text=text, by=by, defaults={"at": now}
        )
    return note


def bank_safe(
    *, business: Business, key: str, cents: int, slip: str, by: User, now: datetime
) -> SafeBanking:
    """Carry cash from the safe to the bank: Dr bank Cr safe. Raises DrawerRefused."""
    _refuse_amount(cents)
    slip = " ".join(slip.split())
    if len(slip) > MOST_SLIP:
        raise DrawerRefused(f"The number of the slip has more than {MOST_SLIP} letters.")
    with transaction.atomic():
        locked_book(business)
        if first := SafeBanking.objects.filter(key=key).first():
            if (first.business_id, first.amount_cents, first.slip) != (business.pk, cents, slip):
                raise DrawerRefused(USED)
            return first
        held = balances_of([business], Code.SAFE).get(business.pk, 0)
        if cents > held:
            raise DrawerRefused(f"The books have KES {format_shillings(held)} in the safe.")
        banking = SafeBanking.objects.create(
            business=business, key=key, amount_cents=cents, slip=slip, by=by, at=now
        )
        draft = Draft(
            business=business,
            key=f"banked:{banking.pk}",
            occurred_on=timezone.localdate(now),
            description=f"From the safe to the bank {slip}".strip(),
            source=f"banking {banking.pk}",
            actor=by,
            lines=[(Code.BANK, cents), (Code.SAFE, -cents)],
        )
        post(draft, posted_at=now)
    return banking


def _reason(reasons: tuple[Reason, ...], code: str) -> Reason:
    found = reason_of(reasons, code)
    if found is None:
        raise DrawerRefused("Choose what the money is for.")
    return found


def _note(text: str, *, is_needed: bool) -> str:
    text = " ".join(text.split())
    if is_needed and not text:
        raise DrawerRefused("Write a word about it: who got it, or what was bought.")
    if len(text) > MOST_NOTE:
        raise DrawerRefused(f"The note has more than {MOST_NOTE} letters.")
    return text


def _refuse_amount(cents: int) -> None:
    if not 0 < cents <= MOST_CENTS:
        raise DrawerRefused("An amount is more than nothing and at most KES 1,000,000.")


def _refuse_above_limit(wish: Wish, business: Business, by: User) -> None:
    is_shown = wish.kind == MoveKind.BANK and wish.paper is not None
    if wish.kind not in {MoveKind.PAY_OUT, MoveKind.BANK} or is_shown:
        return
    limit = limit_of(by, business, Limit.PAY_OUT)
    if limit is None or wish.cents <= limit:
        return
    if wish.kind == MoveKind.BANK:
        raise DrawerRefused(
            f"Above KES {format_shillings(limit)} the bank's slip is photographed: take its"
            " picture with this form, or call a manager."
        )
    raise DrawerRefused(f"You may pay out KES {format_shillings(limit)} in one go. Call a manager.")


def _refuse_empty(wish: Wish, session: CashSession, by: User) -> None:
    """Catch a slip of the finger by what the books say, for those who may know what they say.

    Others would learn from refusals what a blind count is not to know; their slip shows there.
    """
    sees = businesses_for(by, Ability.SEE_EXPECTED_CASH).filter(pk=session.business_id).exists()
    if wish.kind == MoveKind.PAY_IN or not sees:
        return
    code = session.drawer.account_code
    held = balances_of([session.business], code).get(session.business_id, 0)
    if wish.cents > held:
        raise DrawerRefused("The drawer does not hold that much, say the books. Count it again.")


def _reads(session: CashSession, by: User) -> bool:
    """Tell whether `by` may read the report of a closed session: one of own counts, or any."""
    sees = businesses_for(by, Ability.SEE_CASH).filter(pk=session.business_id).exists()
    return sees or session.closed_by_id == by.pk


def _corrected(wish: Wish, reason: Reason, business: Business, by: User) -> CashSession | None:
    """Return the closed session that money which was found belongs to, as far as it was short.

    One that nobody counted takes any: nobody knows what it was short of. Who may not read another
    one's report does not learn either, refusal by refusal, what it was short of.
    """
    if reason.account_code != Code.CASH_OVER_SHORT:
        return None
    session = CashSession.objects.filter(business=business, z_number=wish.corrects_z or 0).first()
    if session is None:
        raise DrawerRefused("Write the number of the Z report that the money belongs to.")
    if not session.is_uncounted and not _reads(session, by):
        raise DrawerRefused(
            f"Z {session.z_number} is another one's report. Count what you found into the drawer:"
            " the next count shows it, and a manager says where it belongs."
        )
    if not session.is_uncounted and wish.cents > left_to_explain(session)[0]:
        raise DrawerRefused(
            f"Z {session.z_number} is not short of that much. Count what you found into the drawer:"
            " the next count shows it."
        )
    return session
