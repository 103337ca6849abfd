"""Close days, lock months, close years, unlock: each leaves a chained event that stays on record.

Every one of them takes the row of the book first, so that no posting slips between the head that
an event vouches for and the day that it closes.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from money.actions.posting import NoBook, post_many
from money.calendar import end_of_month
from money.chain import FIRST_HASH, PeriodFacts, link, period_text
from money.chart import Code
from money.drafts import Draft, DraftLine, TooLong
from money.models import Book, Business, Entry, EntryKind, PeriodChange, PeriodEvent, User
from money.queries import anchor_of, event_in_force, results_through

LEAST_REASON_LETTERS = 10
MOST_REASON_LETTERS = 200
# Below the 500 lines of an entry; retained earnings take one line more.
MOST_ACCOUNTS_OF_A_CLOSING = 400


class NotYet(Exception):
    """The day, the month or the year is not over yet; nothing was closed."""


class NotAYearEnd(Exception):
    """The day is not the last one of a financial year of the tax person; nothing was closed."""


class LaterYearClosed(Exception):
    """A later year is closed and took this one along; nothing was closed."""


class NotClosed(Exception):
    """Nothing is closed from that day on; there is nothing to unlock."""


class NoReason(Exception):
    """The reason is missing or too short to tell anyone anything later."""


def close_day(*, business: Business, day: date, actor: User | None, at: datetime) -> PeriodEvent:
    """Close all days through `day`: a later fact of such a day goes to the day it became known.

    Today may be closed before midnight. A day that is closed already returns the event that
    closed it. Raises NotYet for a day to come, NoBook.
    """
    with transaction.atomic():
        book = locked_book(business)
        if book.closed_through and book.closed_through >= day:
            return _there(anchor_of(business, day))
        if day > timezone.localdate(at):
            raise NotYet(f"{day:%-d %B %Y} is not here yet: it can be closed on the day itself.")
        return _append(book, PeriodChange.DAY_CLOSED, day, actor, at)


def lock_month(*, business: Business, month: date, actor: User | None, at: datetime) -> PeriodEvent:
    """Lock all days through the end of the month of `month`: not even an adjustment enters.

    Closes the days as well. A month that is locked already returns the event that locked it.
    Raises NotYet while the month is not over, NoBook.
    """
    last = end_of_month(month)
    with transaction.atomic():
        book = locked_book(business)
        if book.locked_through and book.locked_through >= last:
            locks = (PeriodChange.MONTH_LOCKED, PeriodChange.YEAR_CLOSED)
            return _there(event_in_force(business, last, changes=locks))
        if last >= timezone.localdate(at):
            raise NotYet(
                f"The month ends on {last:%-d %B %Y}: it can be locked from the day after on."
            )
        return _append(book, PeriodChange.MONTH_LOCKED, last, actor, at)


def close_year(*, business: Business, year_end: date, actor: User, at: datetime) -> PeriodEvent:
    """Move what income and expenses add up to into retained earnings, and lock through `year_end`.

    Every balance through that day moves, an earlier year that nobody closed goes along. Where the
    books are locked that far already, the trail says that they were opened for it from `year_end`
    on, and they are as closed and as locked afterwards as before. The same year again returns its
    event. Raises NotAYearEnd, NotYet, LaterYearClosed, NoBook.
    """
    _refuse_year(business, year_end, at)
    with transaction.atomic():
        book = locked_book(business)
        closed, locked = book.closed_through, book.locked_through
        year = (PeriodChange.YEAR_CLOSED,)
        if there := event_in_force(business, year_end, changes=year, through=year_end):
            return there
        if later := event_in_force(business, year_end, changes=year):
            raise LaterYearClosed(
                f"The year through {later.through_on:%-d %B %Y} is closed and took this one along."
                " To close both one by one, let the owner unlock the books from"
                f" {year_end:%-d %B %Y}."
            )
        drafts = list(_closing_drafts(business, year_end, actor))
        if drafts and locked and locked >= year_end:
            why = f"Close the year through {year_end:%-d %B %Y}"
            _append(book, PeriodChange.UNLOCKED, year_end - timedelta(days=1), actor, at, why)
        post_many(drafts, posted_at=at)
        event = _append(locked_book(business), PeriodChange.YEAR_CLOSED, year_end, actor, at)
        _close_again(business, closed, locked, actor, at)
    return event


def unlock(
    *, business: Business, from_day: date, actor: User, reason: str, at: datetime
) -> PeriodEvent:
    """Open `from_day` and every later day again, for facts and adjustments alike.

    The reason stays on record with who unlocked. Raises NoReason, TooLong, NotClosed, NoBook.
    """
    reason = reason.strip()
    if len(reason) < LEAST_REASON_LETTERS:
        raise NoReason(f"Say why, in {LEAST_REASON_LETTERS} letters or more: it stays on record.")
    if len(reason) > MOST_REASON_LETTERS:
        raise TooLong(f"The reason has more than {MOST_REASON_LETTERS} letters.")
    with transaction.atomic():
        book = locked_book(business)
        if book.closed_through is None or book.closed_through < from_day:
            raise NotClosed(f"Nothing of {business} is closed from {from_day:%-d %B %Y} on.")
        through = from_day - timedelta(days=1)
        return _append(book, PeriodChange.UNLOCKED, through, actor, at, reason)


def locked_book(business: Business) -> Book:
    """Return the book with its row locked until the transaction ends. Raises NoBook."""
    book = Book.objects.select_for_update().filter(business=business).first()
    if book is None:
        raise NoBook(f"{business} has no book of accounts.")
    return book


def _there(event: PeriodEvent | None) -> PeriodEvent:
    """Return the event that a closed book must have; verify_books tells where it has none."""
    assert event is not None
    return event


def _refuse_year(business: Business, year_end: date, at: datetime) -> None:
    month = business.tax_person.year_ends_month
    if year_end.month != month or year_end != end_of_month(year_end):
        raise NotAYearEnd(
            f"{year_end:%-d %B %Y} is not the end of a financial year: that is the last day of"
            f" {date(year_end.year, month, 1):%B}."
        )
    if year_end >= timezone.localdate(at):
        raise NotYet(
            f"The year ends on {year_end:%-d %B %Y}: it can be closed from the day after on."
        )


def _closing_drafts(business: Business, year_end: date, actor: User) -> Iterator[Draft]:
    """Return the entries that take every result through `year_end` to retained earnings."""
    key = f"year:{business.slug}:{year_end}:"
    made = Entry.objects.filter(business=business, key__startswith=key).count()
    left = [(code, cents) for code, cents in results_through(business, year_end).items() if cents]
    for number, start in enumerate(range(0, len(left), MOST_ACCOUNTS_OF_A_CLOSING), made + 1):
        some = left[start : start + MOST_ACCOUNTS_OF_A_CLOSING]
        lines: list[DraftLine] = [(code, -cents) for code, cents in some]
        if total := sum(cents for _, cents in some):
            lines.append((Code.RETAINED_EARNINGS, total))
        yield Draft(
            business=business,
            key=f"{key}{number}",
            occurred_on=year_end,
            description=f"Year through {year_end:%-d %B %Y} closed into retained earnings",
            lines=lines,
            actor=actor,
            kind=EntryKind.CLOSING,
        )


def _close_again(
    business: Business, closed: date | None, locked: date | None, actor: User, at: datetime
) -> None:
    """Close and lock as far as before, where the closing of a year had to open that."""
    for change, before in ((PeriodChange.MONTH_LOCKED, locked), (PeriodChange.DAY_CLOSED, closed)):
        book = locked_book(business)
        now = book.closed_through if change == PeriodChange.DAY_CLOSED else book.locked_through
        if before and now and before > now:
            _append(book, change, before, actor, at)


def _append(
    book: Book, change: str, through_on: date, actor: User | None, at: datetime, reason: str = ""
) -> PeriodEvent:
    """Chain one event over the head of a locked book, and move the book's dates with it."""
    assert at.tzinfo is not None
    last = PeriodEvent.objects.filter(business=book.business).order_by("-number").first()
    event = PeriodEvent(
        business=book.business,
        number=last.number + 1 if last else 1,
        change=change,
        through_on=through_on,
        at=at,
        actor=actor,
        reason=reason,
        entries=book.last_number,
        entries_hash=book.head_hash,
        previous_hash=last.hash if last else FIRST_HASH,
    )
    event.hash = link(event.previous_hash, period_text(_facts_of(event)))
    event.save(force_insert=True)
    _move_dates(book, event)
    return event


def _facts_of(event: PeriodEvent) -> PeriodFacts:
    return PeriodFacts(
        event.business.slug,
        event.number,
        event.change,
        event.through_on,
        event.at,
        event.actor_id,
        event.reason,
        event.entries,
        event.entries_hash,
    )


def _move_dates(book: Book, event: PeriodEvent) -> None:
    """Keep on the book what the events add up to; `money.trail.watermarks` is the same sum."""
    day = event.through_on
    if event.change == PeriodChange.UNLOCKED:
        book.closed_through = book.closed_through and min(book.closed_through, day)
        book.locked_through = book.locked_through and min(book.locked_through, day)
    else:
        book.closed_through = max(book.closed_through or day, day)
        if event.change != PeriodChange.DAY_CLOSED:
            book.locked_through = max(book.locked_through or day, day)
    book.save(update_fields=["closed_through", "locked_through"])
