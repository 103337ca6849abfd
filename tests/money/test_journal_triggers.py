"""What was decided stays decided: journals, their lines, their papers, and a book with entries."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from money.actions.journals import propose, reject
from money.actions.papers import Paper
from money.models import Attachment, Book, Business, Entry, Journal, JournalLine
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_user, an_entry

pytestmark = pytest.mark.django_db
FROZEN = "money: a decided journal is frozen"
BEGINS = "money: a journal begins as a proposal"
DECISION = "money: of a proposed journal only the decision is written"
KEPT = "money: a paper stays as it was added"
PDF = Paper("bill.pdf", "application/pdf", b"%PDF-1.7 a bill")


def a_journal(business: Business, cents: int, key: str) -> Journal:
    return propose(
        business=business,
        occurred_on=TODAY,
        description="Power bill",
        lines=[("6030", cents), ("2000", -cents)],
        proposed_by=a_user("njeri"),
        at=NOW,
        paper=PDF,
        key=key,
    )


@pytest.fixture
def posted(duka: Business) -> Journal:
    return a_journal(duka, 5_000, "posted")


@pytest.fixture
def waiting(duka: Business) -> Journal:
    return a_journal(duka, 5_000_000, "waiting")


def refusal_of(sql: str) -> str:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE money_journal SET description = 'forged' WHERE id = {id}",
        "UPDATE money_journal SET state = 'proposed', entry_id = NULL WHERE id = {id}",
        "DELETE FROM money_journal WHERE id = {id}",
        "UPDATE money_journalline SET amount_cents = 1 WHERE journal_id = {id}",
        "DELETE FROM money_journalline WHERE journal_id = {id}",
        "UPDATE money_journalline SET journal_id = {id} WHERE journal_id = {waiting}",
    ],
)
def test_a_posted_journal_is_frozen(posted: Journal, waiting: Journal, sql: str) -> None:
    assert refusal_of(sql.format(id=posted.pk, waiting=waiting.pk)) == FROZEN


def test_a_posted_journal_gets_no_line(posted: Journal) -> None:
    line = JournalLine.objects.filter(journal=posted)[0]
    line.pk = None

    with pytest.raises(IntegrityError, match=FROZEN), transaction.atomic():
        line.save(force_insert=True)


def test_a_rejected_journal_is_frozen(waiting: Journal) -> None:
    reject(journal_id=waiting.pk, by=a_user("wanjiru"), note="No paper", at=NOW)

    assert (
        refusal_of(f"UPDATE money_journal SET state = 'posted' WHERE id = {waiting.pk}") == FROZEN
    )


def test_a_journal_that_waits_may_be_taken_back_by_hand(waiting: Journal) -> None:
    JournalLine.objects.filter(journal=waiting).delete()
    Journal.objects.filter(pk=waiting.pk).delete()

    assert Journal.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        "id = id + 1",
        "key = 'another'",
        "business_id = {maji}",
        "kind = 'opening'",
        "occurred_on = '2026-11-01'",
        "description = 'Another'",
        "corrects_id = {entry}",
        "attachment_id = NULL",
        "needs_second_person = NOT needs_second_person",
        "proposed_by_id = {another}",
        "proposed_at = '2026-11-01 09:00:00+00:00'",
        # The decision itself does not carry one of them in.
        (
            "needs_second_person = NOT needs_second_person, state = 'posted', entry_id = {entry},"
            " decided_by_id = proposed_by_id, decided_at = proposed_at"
        ),
    ],
)
def test_of_a_proposal_only_the_decision_is_written(waiting: Journal, change: str) -> None:
    ids = {
        "maji": a_business(slug="maji").pk,
        "entry": an_entry(waiting.business).entry_id,
        "another": a_user("wanjiru").pk,
    }

    assert refusal_of(f"UPDATE money_journal SET {change.format(**ids)}") == DECISION


def test_every_column_of_a_journal_is_a_part_of_the_proposal_or_of_the_decision() -> None:
    proposal = {"id", "key", "business_id", "kind", "occurred_on", "description", "corrects_id"}
    proposal |= {"attachment_id", "needs_second_person", "proposed_by_id", "proposed_at"}
    decision = {"state", "entry_id", "decided_by_id", "decided_at", "decision_note"}

    assert proposal | decision == {field.column for field in Journal._meta.local_fields}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "posted", "entry": True, "decided_by": True, "decided_at": NOW},
        {"state": "rejected", "decided_by": True, "decided_at": NOW},
        {"entry": True},
        {"decided_by": True},
        {"decided_at": NOW},
        {"decision_note": "Fine"},
    ],
)
def test_a_journal_begins_as_a_proposal(duka: Business, changes: dict[str, Any]) -> None:
    rows = {"entry": Entry.objects.get(pk=an_entry(duka).entry_id), "decided_by": a_user("wanjiru")}
    facts = {key: rows[key] if value is True else value for key, value in changes.items()}

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Journal.objects.create(
            key="straight in",
            business=duka,
            occurred_on=TODAY,
            description="Power bill",
            needs_second_person=False,
            proposed_by=a_user("njeri"),
            proposed_at=NOW,
            **facts,
        )

    assert str(caught.value).splitlines()[0] == BEGINS


@pytest.mark.parametrize(
    "sql",
    ["UPDATE money_attachment SET name = 'other.pdf'", "DELETE FROM money_attachment"],
)
def test_a_paper_stays(posted: Journal, sql: str) -> None:
    assert refusal_of(sql) == KEPT
    assert bytes(Attachment.objects.get().content) == PDF.content


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL alone has TRUNCATE.")
def test_papers_are_not_truncated(posted: Journal) -> None:
    connection.check_constraints()  # else what was just written is in the way

    assert refusal_of("TRUNCATE money_attachment CASCADE") == KEPT


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a statement of SQLite's own")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("money_journal", FROZEN),
        ("money_journalline", FROZEN),
        ("money_attachment", KEPT),
        ("money_book", "money: a book with entries stays"),
    ],
)
def test_no_row_is_replaced(posted: Journal, table: str, said: str) -> None:
    assert refusal_of(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}") == said


def test_a_book_with_entries_stays(duka: Business) -> None:
    an_entry(duka)

    with pytest.raises(IntegrityError, match="a book with entries stays"), transaction.atomic():
        Book.objects.filter(business=duka).delete()

    assert verify_books().is_ok


def test_an_empty_book_may_go(duka: Business) -> None:
    assert Book.objects.filter(business=duka).delete()[0] == 1
