"""What the ground floor does: open a business with its book, and post entries to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from money.chain import EntryFacts, canonical_text, link
from money.chart import CHART
from money.models import (
    ENTRY_IDS_PER_BOOK,
    Account,
    Book,
    Business,
    TaxClass,
    TaxPerson,
    TaxRate,
    User,
)

LEAST_LINES = 2
MOST_LINES = 500
# Ten million million shillings: sums stay within 64 bits, which SQLite does not check.
MOST_LINE_CENTS = 10**15
# SQLite does not check the length of a text; PostgreSQL would refuse the book when it moves there.
MOST_LETTERS = {"key": 100, "description": 200, "source": 60}
# VAT Act 2013 (second schedule, section 5) and its later rates; the owner adds rows, never edits.
SHIPPED_TAX_RATES: tuple[tuple[TaxClass, date, int], ...] = (
    (TaxClass.EXEMPT, date(2013, 9, 2), 0),
    (TaxClass.STANDARD, date(2013, 9, 2), 1600),
    (TaxClass.STANDARD, date(2020, 4, 1), 1400),
    (TaxClass.STANDARD, date(2021, 1, 1), 1600),
    (TaxClass.ZERO, date(2013, 9, 2), 0),
    (TaxClass.NON_VAT, date(2013, 9, 2), 0),
    (TaxClass.REDUCED, date(2018, 9, 21), 800),
)


class Unbalanced(Exception):
    """The lines of an entry are too few, too many, not of whole cents, zero, or sum to non-zero."""


class TooLong(Exception):
    """The key, the description or the source has more letters than its column."""


class UnknownAccount(Exception):
    """A line names an account code that the business's chart does not have."""


class KeyTaken(Exception):
    """The key was used for an entry with another content; nothing was posted."""


class NoBook(Exception):
    """The business has no book of accounts yet."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted entry: its id, its number in the book, its hash, and whether this call wrote it."""

    entry_id: int
    number: int
    hash: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry to be posted. `lines` are (account code, cents), debit positive, credit negative.

    `key` makes the posting happen once; `occurred_on` is the business day in Nairobi.
    """

    business: Business
    key: str
    occurred_on: date
    description: str
    lines: Sequence[tuple[str, int]]
    source: str = ""
    actor: User | None = None
    reverses_id: int | None = None

    @property
    def actor_id(self) -> int | None:
        return self.actor.pk if self.actor else None


def open_business(
    *, tax_person: TaxPerson, slug: str, name: str, trade: str, address: str = "", phone: str = ""
) -> Business:
    """Open a business with its book and its chart of accounts, or return the one with this slug."""
    with transaction.atomic():
        business, _ = Business.objects.get_or_create(
            slug=slug,
            defaults={
                "tax_person": tax_person,
                "name": name,
                "trade": trade,
                "address": address,
                "phone": phone,
            },
        )
        Book.objects.get_or_create(business=business)
        Account.objects.bulk_create(
            [
                Account(business=business, code=row.code, name=row.name, kind=row.kind)
                for row in CHART
            ],
            ignore_conflicts=True,
        )
    return business


def load_tax_rates() -> None:
    """Make sure that the tax rates we ship are there; rows that exist stay as they are."""
    TaxRate.objects.bulk_create(
        [TaxRate(tax_class=c, from_on=day, rate_bp=bp) for c, day, bp in SHIPPED_TAX_RATES],
        ignore_conflicts=True,
    )


def post(draft: Draft, *, posted_at: datetime) -> Posted:
    """Write one balanced entry with its lines, number, chain link and movements.

    Amounts are ints, `posted_at` is aware and `occurred_on` a plain date: what is hashed must be
    what the database gives back, or the book would never verify again.

    The same key and content returns the first entry. Call it last in a transaction: it holds the
    book's head row until the commit. Raises Unbalanced, TooLong, UnknownAccount, KeyTaken, NoBook.
    """
    _refuse_unbalanced(draft)
    for name, most in MOST_LETTERS.items():
        if len(getattr(draft, name)) > most:
            raise TooLong(f"{draft.key[:100]}: the {name} has more than {most} letters.")
    assert posted_at.tzinfo is not None
    assert not isinstance(draft.occurred_on, datetime)
    # No savepoint of our own: a refusal by the database undoes the caller's whole transaction.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        number, previous_hash = _lock_head(cursor, draft.business)
        if first := _find_by_key(cursor, draft):
            return first
        return _write(cursor, draft, number + 1, previous_hash, posted_at)


def _refuse_unbalanced(draft: Draft) -> None:
    if not LEAST_LINES <= len(draft.lines) <= MOST_LINES:
        raise Unbalanced(f"{draft.key}: an entry has {LEAST_LINES} to {MOST_LINES} lines.")
    if any(type(cents) is not int for _, cents in draft.lines):
        raise Unbalanced(f"{draft.key}: an amount is a whole number of cents, an int.")
    if not all(0 < abs(cents) <= MOST_LINE_CENTS for _, cents in draft.lines):
        raise Unbalanced(f"{draft.key}: a line is not zero and at most {MOST_LINE_CENTS} cents.")
    if total := sum(cents for _, cents in draft.lines):
        raise Unbalanced(f"{draft.key}: the lines sum to {total} cents, not to zero.")


def _lock_head(cursor: CursorWrapper, business: Business) -> tuple[int, str]:
    """Lock the book and return its last number and hash; SQLite holds the only writer already."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    cursor.execute(
        f"SELECT last_number, head_hash FROM money_book WHERE business_id = %s{lock}",  # noqa: S608
        [business.pk],
    )
    row = cursor.fetchone()
    if row is None:
        raise NoBook(f"{business.slug} has no book of accounts.")
    return row[0], row[1]


def _find_by_key(cursor: CursorWrapper, draft: Draft) -> Posted | None:
    """Return the entry that holds the draft's key already; raise KeyTaken if it says otherwise."""
    cursor.execute(
        "SELECT id, number, hash, business_id, occurred_on, description, source, reverses_id"
        " FROM money_entry WHERE key = %s",
        [draft.key],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    entry_id, number, entry_hash, business_id, occurred_on, *rest = row
    cursor.execute(
        "SELECT a.code, l.amount_cents FROM money_line l JOIN money_account a"
        " ON a.id = l.account_id WHERE l.entry_id = %s",
        [entry_id],
    )
    same = (
        sorted(map(tuple, cursor.fetchall())) == sorted(draft.lines)
        and business_id == draft.business.pk
        and str(occurred_on) == draft.occurred_on.isoformat()
        and rest == [draft.description, draft.source, draft.reverses_id]
    )
    if not same:
        raise KeyTaken(f"{draft.key} is entry {number} already, with another content.")
    return Posted(entry_id=entry_id, number=number, hash=entry_hash, is_new=False)


def _account_ids(cursor: CursorWrapper, draft: Draft) -> dict[str, int]:
    codes = sorted({code for code, _ in draft.lines})
    marks = ", ".join(["%s"] * len(codes))
    cursor.execute(
        f"SELECT code, id FROM money_account WHERE business_id = %s AND code IN ({marks})",  # noqa: S608
        [draft.business.pk, *codes],
    )
    ids: dict[str, int] = dict(cursor.fetchall())
    if missing := [code for code in codes if code not in ids]:
        raise UnknownAccount(f"{draft.business.slug} has no account {', '.join(missing)}.")
    return ids


def _write(
    cursor: CursorWrapper, draft: Draft, number: int, previous_hash: str, posted_at: datetime
) -> Posted:
    ids = _account_ids(cursor, draft)
    entry_id = draft.business.pk * ENTRY_IDS_PER_BOOK + number
    facts = EntryFacts(
        slug=draft.business.slug,
        number=number,
        key=draft.key,
        occurred_on=draft.occurred_on,
        posted_at=posted_at,
        description=draft.description,
        source=draft.source,
        actor_id=draft.actor_id,
        reverses_id=draft.reverses_id,
    )
    entry_hash = link(previous_hash, canonical_text(facts, draft.lines))
    day = connection.ops.adapt_datefield_value(draft.occurred_on)
    _insert(
        cursor,
        "money_line (entry_id, account_id, occurred_on, amount_cents)",
        [(entry_id, ids[code], day, cents) for code, cents in draft.lines],
    )
    _insert(
        cursor,
        "money_entry (id, business_id, number, key, occurred_on, posted_at, description, source,"
        " actor_id, reverses_id, previous_hash, hash)",
        [
            (
                entry_id,
                draft.business.pk,
                number,
                draft.key,
                day,
                connection.ops.adapt_datetimefield_value(posted_at),
                draft.description,
                draft.source,
                draft.actor_id,
                draft.reverses_id,
                previous_hash,
                entry_hash,
            )
        ],
    )
    cursor.execute(
        "UPDATE money_book SET last_number = %s, head_hash = %s WHERE business_id = %s",
        [number, entry_hash, draft.business.pk],
    )
    _add_movements(cursor, draft, ids)
    return Posted(entry_id=entry_id, number=number, hash=entry_hash, is_new=True)


def _insert(
    cursor: CursorWrapper, target: str, rows: Sequence[tuple[Any, ...]], suffix: str = ""
) -> None:
    """Insert `rows` into `target`, our own text of table and columns, in one statement."""
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    values = ", ".join([marks] * len(rows))
    cursor.execute(
        f"INSERT INTO {target} VALUES {values} {suffix}",  # noqa: S608
        [value for row in rows for value in row],
    )


def _add_movements(cursor: CursorWrapper, draft: Draft, ids: dict[str, int]) -> None:
    month = connection.ops.adapt_datefield_value(draft.occurred_on.replace(day=1))
    _insert(
        cursor,
        "money_movement (account_id, month_on, debit_cents, credit_cents)",
        [(ids[code], month, debit, credit) for code, debit, credit in _sums(draft.lines)],
        "ON CONFLICT (account_id, month_on) DO UPDATE SET"
        " debit_cents = money_movement.debit_cents + excluded.debit_cents,"
        " credit_cents = money_movement.credit_cents + excluded.credit_cents",
    )


def _sums(lines: Iterable[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Return (code, debits, credits) per account, by code, so that locks never cross."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for code, cents in lines:
        totals[code][0 if cents > 0 else 1] += abs(cents)
    return [(code, debit, credit) for code, (debit, credit) in sorted(totals.items())]
