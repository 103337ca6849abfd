"""Post entries: the only writer of entries, lines and movements. By cursor SQL, in few statements.

The lines go in first and the entries last, in the order of their numbers; the trigger of an entry
checks it against the head of its book and moves the head on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from money.chain import EntryFacts, canonical_text, link
from money.drafts import Draft, Posted, is_same_content, sums, tax_of
from money.models import ENTRY_IDS_PER_BOOK, Business, EntryKind

# SQLite takes 32,766 values in one statement; lines have five and entries fourteen.
MOST_ROWS = 1_000


class UnknownAccount(Exception):
    """A line names an account code that the business's chart does not have."""


class KeyTaken(Exception):
    """The key was used for an entry with another content; nothing was posted."""


class NoBook(Exception):
    """The business has no book of accounts yet."""


class PeriodLocked(Exception):
    """An adjustment, an opening or a closing was meant for a locked month; nothing was posted."""


@dataclass(slots=True)
class _Head:
    """The head of a locked book, moved on in memory as entries are written."""

    number: int
    hash: str
    closed_through: date | None
    locked_through: date | None


def post(draft: Draft, *, posted_at: datetime) -> Posted:
    """Write one balanced entry with its lines, number, chain link and movements.

    Amounts are ints, `posted_at` is aware and `occurred_on` a plain date: what is hashed must be
    what the database gives back, or the book would never verify again.

    A fact of a closed day is booked on the day of `posted_at`, or the first open one after it, and
    keeps its own as `late_for`. The same key and content returns the first entry. Call it last in
    a transaction: it holds the book's head row until the commit. Raises Unbalanced, TooLong,
    UnknownTax, OutOfTime, UnknownAccount, KeyTaken, PeriodLocked, NoBook.
    """
    draft.refuse_unpostable()
    assert posted_at.tzinfo is not None
    # No savepoint of our own: a refusal by the database undoes the caller's whole transaction.
    with transaction.atomic(savepoint=False), _one_flight([draft]), connection.cursor() as cursor:
        head, ids, known = _lock(cursor, [draft])
        if known:
            return _first_of(cursor, draft)
        return _write(cursor, [draft], ids, head, posted_at)[0]


def post_many(drafts: Sequence[Draft], *, posted_at: datetime) -> list[Posted]:
    """Write many entries of one business in one transaction: all of them, or none.

    What `post` says of one holds for each, in the order given; two drafts with one key are one
    entry. Keep a call below a thousand entries: it holds the book's head row all the while.
    Raises what `post` raises, and ValueError for drafts of several businesses.
    """
    if not drafts:
        return []
    business = drafts[0].business
    if any(draft.business.pk != business.pk for draft in drafts):
        raise ValueError("post_many writes into one book; call it once per business.")
    assert posted_at.tzinfo is not None
    fresh: dict[str, Draft] = {}
    for draft in drafts:
        draft.refuse_unpostable()
        first = fresh.setdefault(draft.key, draft)
        if first is not draft and not _says_the_same(first, draft):
            raise KeyTaken(f"{draft.key} comes twice, with another content.")
    with transaction.atomic(savepoint=False), _one_flight(drafts), connection.cursor() as cursor:
        head, ids, known = _lock(cursor, list(fresh.values()))
        done = {key: _first_of(cursor, fresh[key]) for key in known}
        todo = [draft for key, draft in fresh.items() if key not in known]
        if todo:
            written = _write(cursor, todo, ids, head, posted_at)
            done |= {draft.key: posted for draft, posted in zip(todo, written, strict=True)}
    return [done[draft.key] for draft in drafts]


def _says_the_same(one: Draft, other: Draft) -> bool:
    return is_same_content(one.lines, other.lines) and (
        (one.occurred_on, one.description, one.source, one.reverses_id, one.kind)
        == (other.occurred_on, other.description, other.source, other.reverses_id, other.kind)
    )


@contextmanager
def _one_flight(drafts: Sequence[Draft]) -> Iterator[None]:
    """Send statements to PostgreSQL without waiting for the answer of each.

    The waits cost more than the work. A refusal comes with the next answer that is asked for, at
    the latest here, where a key that another book took meanwhile gets its name: this book's lock
    does not keep others from it.
    """
    try:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, connection.connection.pipeline():
                yield
        else:
            yield
    except IntegrityError as error:
        if "entry_key_once" in str(error):
            keys = ", ".join(draft.key for draft in drafts[:3])
            raise KeyTaken(f"{keys}: the key was taken in another book just now.") from error
        raise


def _lock(cursor: CursorWrapper, drafts: Sequence[Draft]) -> tuple[_Head, dict[str, int], set[str]]:
    """Lock the drafts' book; return its head, and what `_look_up` finds once it is locked.

    Two cursors, so that both questions travel together; the second is asked of a later moment.
    """
    business = drafts[0].business
    with connection.cursor() as asking:
        _ask_head(asking, business)
        answers = _look_up(cursor, drafts)
        return _head_of(asking, business), *answers


def _ask_head(cursor: CursorWrapper, business: Business) -> None:
    """Ask for the head and lock it; SQLite holds the only writer already."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    cursor.execute(
        "SELECT last_number, head_hash, closed_through, locked_through FROM money_book"  # noqa: S608
        f" WHERE business_id = %s{lock}",
        [business.pk],
    )


def _head_of(cursor: CursorWrapper, business: Business) -> _Head:
    row = cursor.fetchone()
    if row is None:
        raise NoBook(f"{business.slug} has no book of accounts.")
    return _Head(*row)


def _look_up(cursor: CursorWrapper, drafts: Sequence[Draft]) -> tuple[dict[str, int], set[str]]:
    """Return code -> id of the drafts' accounts, and the keys that are in a book already.

    In one statement, as every statement counts here; a missing account is simply left out.
    """
    codes = sorted({line[0] for draft in drafts for line in draft.lines})
    ids: dict[str, int] = {}
    known: set[str] = set()
    for start in range(0, len(drafts), MOST_ROWS):
        keys = [draft.key for draft in drafts[start : start + MOST_ROWS]]
        cursor.execute(
            "SELECT id, code, NULL FROM money_account"  # noqa: S608
            f" WHERE business_id = %s AND code IN ({_marks(codes)})"
            f' UNION ALL SELECT id, NULL, "key" FROM money_entry WHERE "key" IN ({_marks(keys)})',
            [drafts[0].business.pk, *codes, *keys],
        )
        for pk, code, key in cursor.fetchall():
            if key is None:
                ids[code] = pk
            else:
                known.add(key)
    return ids, known


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _first_of(cursor: CursorWrapper, draft: Draft) -> Posted:
    """Return the entry that holds the draft's key already; raise KeyTaken if it says otherwise."""
    cursor.execute(
        "SELECT id, number, hash, business_id, occurred_on, late_for, description, source,"
        ' reverses_id, kind FROM money_entry WHERE "key" = %s',
        [draft.key],
    )
    entry_id, number, entry_hash, business_id, occurred_on, late_for, *rest = cursor.fetchone()
    cursor.execute(
        "SELECT a.code, l.amount_cents, l.tax_class FROM money_line l JOIN money_account a"
        " ON a.id = l.account_id WHERE l.entry_id = %s",
        [entry_id],
    )
    same = (
        is_same_content(cursor.fetchall(), draft.lines)
        and business_id == draft.business.pk
        and (late_for or occurred_on) == draft.occurred_on
        and rest == [draft.description, draft.source, draft.reverses_id, draft.kind]
    )
    if not same:
        raise KeyTaken(f"{draft.key} is entry {number} already, with another content.")
    return Posted(entry_id, number, entry_hash, is_new=False, occurred_on=occurred_on)


def _booked_on(draft: Draft, head: _Head, posted_at: datetime) -> date:
    """Return the day that a draft is booked on; raise PeriodLocked where there is none for it."""
    day = draft.occurred_on
    if draft.kind != EntryKind.FACT:
        if head.locked_through and day <= head.locked_through:
            raise PeriodLocked(
                f"The books of {draft.business.slug} are locked through {head.locked_through}."
                " Use a later day, or let the owner unlock them."
            )
        return day
    if head.closed_through is None or day > head.closed_through:
        return day
    return max(timezone.localdate(posted_at), head.closed_through + timedelta(days=1))


def _refuse_unknown(drafts: Sequence[Draft], ids: Collection[str]) -> None:
    codes = {line[0] for draft in drafts for line in draft.lines}
    if missing := sorted(code for code in codes if code not in ids):
        raise UnknownAccount(f"{drafts[0].business.slug} has no account {', '.join(missing)}.")


def _write(
    cursor: CursorWrapper,
    drafts: Sequence[Draft],
    ids: Mapping[str, int],
    head: _Head,
    posted_at: datetime,
) -> list[Posted]:
    """Write drafts of one book, none of them posted before, after its locked head."""
    _refuse_unknown(drafts, ids)
    business = drafts[0].business
    at = connection.ops.adapt_datetimefield_value(posted_at)
    first_id = business.pk * ENTRY_IDS_PER_BOOK
    days, posted, lines, entries = [], [], [], []
    for draft in drafts:
        booked_on = _booked_on(draft, head, posted_at)
        late_for = draft.occurred_on if booked_on != draft.occurred_on else None
        number, previous_hash = head.number + 1, head.hash
        head.number, head.hash = number, _hash_of(draft, head, booked_on, late_for, posted_at)
        entry_id = first_id + number
        day = connection.ops.adapt_datefield_value(booked_on)
        days.append(booked_on)
        posted.append(Posted(entry_id, number, head.hash, is_new=True, occurred_on=booked_on))
        lines += [(entry_id, ids[line[0]], day, line[1], tax_of(line)) for line in draft.lines]
        late = connection.ops.adapt_datefield_value(late_for) if late_for else None
        entries.append(
            (
                *(entry_id, business.pk, number, draft.key, day, at, draft.description),
                *(draft.source, draft.kind, late, draft.actor_id, draft.reverses_id),
                *(previous_hash, head.hash),
            )
        )
    _insert(
        cursor, "money_line (entry_id, account_id, occurred_on, amount_cents, tax_class)", lines
    )
    _insert_entries(cursor, entries)
    _add_movements(cursor, sums(drafts, days), ids)
    return posted


def _hash_of(
    draft: Draft, head: _Head, booked_on: date, late_for: date | None, posted_at: datetime
) -> str:
    facts = EntryFacts(
        draft.business.slug,
        head.number + 1,
        draft.key,
        booked_on,
        posted_at,
        draft.description,
        draft.source,
        draft.actor_id,
        draft.reverses_id,
        draft.kind,
        late_for,
    )
    return link(head.hash, canonical_text(facts, draft.lines))


def _insert_entries(cursor: CursorWrapper, rows: Sequence[tuple[Any, ...]]) -> None:
    target = (
        'money_entry (id, business_id, number, "key", occurred_on, posted_at, description, source,'
        " kind, late_for, actor_id, reverses_id, previous_hash, hash)"
    )
    _insert(cursor, target, rows)


def _insert(
    cursor: CursorWrapper, target: str, rows: Sequence[tuple[Any, ...]], suffix: str = ""
) -> None:
    """Insert `rows` into `target`, our own text of table and columns, in few statements."""
    marks = f"({_marks(rows[0])})"
    for start in range(0, len(rows), MOST_ROWS):
        some = rows[start : start + MOST_ROWS]
        values = ", ".join([marks] * len(some))
        cursor.execute(
            f"INSERT INTO {target} VALUES {values} {suffix}",  # noqa: S608
            [value for row in some for value in row],
        )


def _add_movements(
    cursor: CursorWrapper, totals: dict[tuple[str, date, str], list[int]], ids: Mapping[str, int]
) -> None:
    adapt = connection.ops.adapt_datefield_value
    _insert(
        cursor,
        "money_movement (account_id, month_on, tax_class, debit_cents, credit_cents)",
        [
            (ids[code], adapt(month), tax, debit, credit)
            for (code, month, tax), (debit, credit) in totals.items()
        ],
        "ON CONFLICT (account_id, month_on, tax_class) DO UPDATE SET"
        " debit_cents = money_movement.debit_cents + excluded.debit_cents,"
        " credit_cents = money_movement.credit_cents + excluded.credit_cents",
    )
