"""A hash that left the machine finds out even someone who rewrites a whole chain."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from money.actions.periods import close_day
from money.actions.posting import post, post_many
from money.chain import FIRST_HASH, EntryFacts, canonical_text, link
from money.chart import Code
from money.drafts import Draft
from money.models import Book, Business, Entry, Line
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, an_entry
from tests.money.conftest import Tamper

# The head of `fixed_postings`, the same on every database: books in the field were hashed so.
FROZEN_HEAD = "4ccc15a63e06791422bd80bf6fdc0968879fa63972323fcd917bdd926b615af8"


def fixed_postings(business: Business) -> None:
    """Post every form an entry can have: tax letters, both kinds, a reversal, odd letters."""
    sale = Draft(
        business=business,
        key="sale:1",
        occurred_on=TODAY,
        description='Sale "1" \u2013 é',
        source="receipt 1",
        lines=[
            (Code.CASH_DRAWER, 11_600),
            (Code.SALES_RETAIL, -10_000, "B"),
            ("2200", -1_600, "B"),
        ],
    )
    first = post(sale, posted_at=NOW)
    back = Draft(
        business=business,
        key="reverse:1",
        occurred_on=TODAY,
        description="Reverses duka 1",
        reverses_id=first.entry_id,
        lines=[(Code.CASH_DRAWER, -11_600), (Code.SALES_RETAIL, 10_000, "B"), ("2200", 1_600, "B")],
    )
    journal = Draft(
        business=business,
        key="journal:1",
        occurred_on=TODAY.replace(day=1),
        description="Depreciation",
        kind="adjustment",
        lines=[("6700", 50_000), ("1710", -50_000)],
    )
    post_many([back, journal], posted_at=NOW)


def rewrite(tamper: Tamper, business: Business, number: int, description: str) -> None:
    """Forge an entry and hash the whole chain after it anew, head included."""
    previous = FIRST_HASH
    for entry in Entry.objects.filter(business=business).order_by("number"):
        text = description if entry.number == number else entry.description
        facts = EntryFacts(
            business.slug,
            entry.number,
            entry.key,
            entry.occurred_on,
            entry.posted_at,
            text,
            entry.source,
            entry.actor_id,
            entry.reverses_id,
            entry.kind,
            entry.late_for,
        )
        lines = Line.objects.filter(entry=entry)
        rows = list(lines.values_list("account__code", "amount_cents", "tax_class"))
        forged = link(previous, canonical_text(facts, rows))
        tamper(
            "UPDATE money_entry SET description = %s, previous_hash = %s, hash = %s WHERE id = %s",
            [text, previous, forged, entry.pk],
        )
        previous = forged
    tamper("UPDATE money_book SET head_hash = %s WHERE business_id = %s", [previous, business.pk])


def test_the_same_postings_have_the_same_digest_on_every_database(duka: Business) -> None:
    fixed_postings(duka)

    assert Book.objects.get(business=duka).head_hash == FROZEN_HEAD
    assert verify_books().is_ok


def test_an_anchor_is_found_where_it_stands(duka: Business) -> None:
    fixed_postings(duka)
    an_entry(a_business(slug="maji"))
    anchor = Entry.objects.get(business=duka, number=2).hash

    report = verify_books(against=[anchor])

    assert (report.findings, report.anchors) == ([], {anchor: "duka entry 2"})


def test_a_chain_that_was_written_anew_is_found_out_by_an_anchor(
    duka: Business, tamper: Tamper
) -> None:
    fixed_postings(duka)
    anchor = Book.objects.get(business=duka).head_hash

    rewrite(tamper, duka, 2, "Nothing happened")

    assert verify_books().is_ok  # nothing inside the machine can tell
    assert verify_books(against=[anchor]).findings == [
        ("", 0, f"no book contains the hash {anchor}: a chain was written anew")
    ]


def test_a_chain_that_was_written_anew_is_found_out_by_a_day_closed_over_it(
    duka: Business, tamper: Tamper
) -> None:
    fixed_postings(duka)
    close_day(business=duka, day=TODAY, actor=None, at=NOW)

    rewrite(tamper, duka, 2, "Nothing happened")

    assert verify_books().findings == [
        ("duka", 3, "it is not the entry over which a period was closed")
    ]


def test_entries_that_were_cut_off_are_found_out_by_a_day_closed_over_them(
    duka: Business, tamper: Tamper
) -> None:
    first, second = an_entry(duka), an_entry(duka)
    close_day(business=duka, day=TODAY - timedelta(days=1), actor=None, at=NOW)
    an_entry(duka)
    close_day(business=duka, day=TODAY, actor=None, at=NOW)

    tamper(
        f"DELETE FROM money_line WHERE entry_id >= {second.entry_id};"
        f"DELETE FROM money_entry WHERE id >= {second.entry_id};"
        "UPDATE money_movement SET debit_cents = debit_cents / 3, credit_cents = credit_cents / 3;"
        f"UPDATE money_book SET last_number = 1, head_hash = '{first.hash}'"
    )

    assert verify_books().findings == [
        ("duka", 0, "a period was closed over entry 3, which is gone")
    ]


def test_command_proves_an_anchor(duka: Business) -> None:
    fixed_postings(duka)
    anchor = Book.objects.get(business=duka).head_hash
    out = io.StringIO()

    call_command("verify_books", "--against", f" {anchor.upper()} ", stdout=out)

    assert out.getvalue() == f"{anchor} is duka entry 3\nok: 3 entries, 8 lines\n"


def test_command_refuses_what_no_chain_contains(duka: Business) -> None:
    out = io.StringIO()

    with pytest.raises(SystemExit) as exit_code:
        call_command("verify_books", "--against", "f" * 64, stdout=out)

    assert exit_code.value.code == 1
    assert out.getvalue() == (
        f"database: no book contains the hash {'f' * 64}: a chain was written anew\n"
    )


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "f" * 63, "f" * 65])
def test_command_refuses_what_is_no_hash(db: None, text: str) -> None:
    with pytest.raises(CommandError, match="64 letters and digits"):
        call_command("verify_books", f"--against={text}")
