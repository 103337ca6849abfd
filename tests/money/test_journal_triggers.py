"""What was decided stays decided: journals, their lines, their papers, and a book with entries."""

import pytest
from django.db import IntegrityError, connection, transaction

from money.actions.journals import Paper, propose, reject
from money.models import Attachment, Book, Business, Journal, JournalLine
from money.verification import verify_books
from tests.make import NOW, TODAY, a_user, an_entry

pytestmark = pytest.mark.django_db
FROZEN = "money: a decided journal is frozen"
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
