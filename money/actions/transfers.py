"""Move money between two businesses of one owner: two books, one transaction, one day."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from money.actions.posting import NoBook, UnknownAccount, post
from money.chart import CASH_CODES, Code, parent_of
from money.drafts import Draft, DraftLine, Posted
from money.models import Account, Book, Business, Entry, Membership, Role, User


class BadTransfer(Exception):
    """The amount cannot be moved; the message is a sentence for who asked."""


class SameBusiness(BadTransfer):
    """Giver and taker are one business."""


class NothingToMove(BadTransfer):
    """The amount is zero or less."""


class NotCash(BadTransfer):
    """A side of the transfer is no cash, till or bank account."""


class NoCommonOwner(BadTransfer):
    """The businesses have neither a tax person nor an owner in common."""


class StillToCome(BadTransfer):
    """The day of the transfer is later than tomorrow."""


def move_between(  # noqa: PLR0913 two of everything
    *,
    giver: Business,
    taker: Business,
    giver_code: str,
    taker_code: str,
    cents: int,
    occurred_on: date,
    description: str,
    key: str,
    actor: User | None,
    posted_at: datetime,
) -> tuple[Posted, Posted]:
    """Take `cents` out of a cash, till or bank account of one business into one of another.

    Both books carry it in 2900 on the same day, which is a later one where either is closed for
    `occurred_on`: so 2900 adds up to zero over the businesses on every day. Both or neither; the
    same call again returns the first two, giver first. Raises the refusals of this module, and
    UnknownAccount, NoBook, KeyTaken, TooLong, Unbalanced.
    """
    _refuse(giver, taker, cents)
    _refuse_account(giver, giver_code)
    _refuse_account(taker, taker_code)
    return post_between(
        giver=giver,
        taker=taker,
        given=[(giver_code, -cents)],
        taken=[(taker_code, cents)],
        occurred_on=occurred_on,
        description=description,
        key=f"between:{key}",
        actor=actor,
        posted_at=posted_at,
    )


def post_between(  # noqa: PLR0913 two of everything
    *,
    giver: Business,
    taker: Business,
    given: Sequence[DraftLine],
    taken: Sequence[DraftLine],
    occurred_on: date,
    description: str,
    key: str,
    actor: User | None,
    posted_at: datetime,
) -> tuple[Posted, Posted]:
    """Post what one business `given` and another has `taken`, each side balanced by its 2900.

    The keys are `key` with ":give" and ":take". Days as in `move_between`. Raises StillToCome,
    NoCommonOwner, SameBusiness, and what `post` raises.
    """
    _refuse_strangers(giver, taker)
    if occurred_on > timezone.localdate(posted_at) + timedelta(days=1):
        raise StillToCome(f"{occurred_on:%-d %B %Y} is still to come: use today or a day before.")
    sides: dict[int, tuple[Business, str, list[DraftLine]]] = {
        giver.pk: (giver, "give", _balanced(given)),
        taker.pk: (taker, "take", _balanced(taken)),
    }
    posted = {}
    with transaction.atomic():
        days = _days(giver, taker, key, occurred_on, posted_at)
        # Books in the order of their ids, as every transaction takes them.
        for business_id in sorted(sides):
            business, side, lines = sides[business_id]
            draft = Draft(
                business=business,
                key=f"{key}:{side}",
                occurred_on=days[business_id],
                description=description,
                lines=lines,
                # The day that was asked for: another one under the same key is refused.
                source=f"moved on {occurred_on}",
                actor=actor,
            )
            posted[business_id] = post(draft, posted_at=posted_at)
    return posted[giver.pk], posted[taker.pk]


def _balanced(lines: Sequence[DraftLine]) -> list[DraftLine]:
    """Return lines with what they lack on 2900, debits first."""
    lacking: DraftLine = (Code.BETWEEN_BUSINESSES, -sum(line[1] for line in lines))
    return sorted([*lines, lacking], key=lambda line: line[1] < 0)


def _refuse(giver: Business, taker: Business, cents: int) -> None:
    _refuse_strangers(giver, taker)
    if cents <= 0:
        raise NothingToMove("The amount to move is more than zero.")


def _refuse_strangers(giver: Business, taker: Business) -> None:
    if giver.pk == taker.pk:
        raise SameBusiness("Choose two different businesses.")
    owners = [
        set(
            Membership.objects.filter(business=business, role=Role.OWNER).values_list(
                "user_id", flat=True
            )
        )
        for business in (giver, taker)
    ]
    if giver.tax_person_id != taker.tax_person_id and not owners[0] & owners[1]:
        raise NoCommonOwner(f"{giver} and {taker} have no owner in common.")


def related_to(businesses: Iterable[Business]) -> set[int]:
    """Return the ids of these businesses and of all that could owe them or each other anything.

    A tax person or an owner in common lets money move, see `_refuse`; so does a chain of those.
    """
    ties = {
        pk: {("person", person_id)}
        for pk, person_id in Business.objects.values_list("pk", "tax_person_id")
    }
    owners = Membership.objects.filter(role=Role.OWNER).values_list("business_id", "user_id")
    for pk, user_id in owners:
        ties[pk].add(("owner", user_id))
    found, grown = set[int](), {business.pk for business in businesses}
    while grown != found:
        found = grown
        held = set[tuple[str, int]]().union(*(ties[pk] for pk in found))
        grown = {pk for pk, theirs in ties.items() if theirs & held}
    return found


def _refuse_account(business: Business, code: str) -> None:
    account = Account.objects.filter(business=business, code=code).first()
    if account is None:
        raise UnknownAccount(f"{business.name} has no account {code}.")
    if parent_of(code) not in CASH_CODES:
        raise NotCash(f"{account} is no cash, till or bank account.")


def _days(
    giver: Business, taker: Business, key: str, occurred_on: date, posted_at: datetime
) -> dict[int, date]:
    """Lock both books and return business id -> the day to ask its book for.

    What comes out is one day. A book that moves the fact to that day by itself is asked for
    `occurred_on`, and remembers it as the day that the entry is late for.
    """
    pair = sorted([giver.pk, taker.pk])
    books = list(Book.objects.select_for_update().filter(pk__in=pair).order_by("pk"))
    if len(books) != len(pair):
        raise NoBook(f"{giver} or {taker} has no book of accounts.")
    there = Entry.objects.filter(key__in=[f"{key}:give", f"{key}:take"])
    first = {entry.business_id: entry.late_for or entry.occurred_on for entry in there}
    if set(first) == set(pair):
        return first
    own = {book.pk: _booked_on(book, occurred_on, posted_at) for book in books}
    day = max(own.values())
    return {pk: occurred_on if own[pk] == day else day for pk in pair}


def _booked_on(book: Book, day: date, posted_at: datetime) -> date:
    """Return the day that `post` would book a fact of `day` on."""
    if book.closed_through is None or day > book.closed_through:
        return day
    return max(timezone.localdate(posted_at), book.closed_through + timedelta(days=1))
