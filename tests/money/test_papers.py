"""What was written by hand is checked: papers by their digests, journals by their entries."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.actions.journals import Paper, approve, propose
from money.models import Attachment, Business, Entry, Journal
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_user, an_entry
from tests.money.conftest import Tamper
from tests.money.test_anchors import rewrite

pytestmark = pytest.mark.django_db

BILL = Paper("bill.pdf", "application/pdf", b"%PDF-1.7 a bill")
OTHER = b"%PDF-1.7 another bill"
OTHER_DIGEST = hashlib.sha256(OTHER).hexdigest()
EXCHANGED = "does not have its digest: it was exchanged or altered"


def a_journal(
    business: Business,
    paper: Paper | None = BILL,
    cents: int = 5_000,
    *,
    corrects_id: int | None = None,
) -> Journal:
    return propose(
        business=business,
        occurred_on=TODAY,
        description="Power bill",
        lines=[("6030", cents), ("2000", -cents)] if cents else [],
        proposed_by=a_user("njeri"),
        at=NOW,
        paper=paper,
        corrects_id=corrects_id,
    )


@pytest.fixture
def journals(duka: Business) -> dict[str, int]:
    """Four journals: with a paper, without, by two persons, and one that takes the first back."""
    first, bare, large = a_journal(duka), a_journal(duka, None), a_journal(duka, BILL, 5_000_000)
    approve(journal_id=large.pk, by=a_user("wanjiru"), at=NOW)
    back = a_journal(duka, BILL, 0, corrects_id=bare.entry_id)
    a_journal(duka, BILL, 6_000_000)  # waits
    large.refresh_from_db()
    assert back.entry_id
    return {
        "first": first.pk,
        "bare": bare.pk,
        "large": large.pk,
        "back": back.pk,
        "paper": first.attachment_id or 0,
        "another": large.attachment_id or 0,
        "entry": first.entry_id or 0,
        "strange": an_entry(duka).entry_id,
        "njeri": a_user("njeri").pk,
        "maji": a_business(slug="maji").pk,
    }


def found() -> list[tuple[str, int, str]]:
    return [(place, number, what) for place, number, what in verify_books().findings]


def test_good_journals_are_found_good(journals: dict[str, int]) -> None:
    assert verify_books().is_ok
    assert Attachment.objects.count() == 4


def test_a_paper_that_was_exchanged_is_found(journals: dict[str, int], tamper: Tamper) -> None:
    paper = journals["paper"]

    tamper("UPDATE money_attachment SET content = %s WHERE id = %s", [OTHER, paper])

    assert found() == [("duka", 0, f"paper {paper} {EXCHANGED}")]


def test_every_paper_that_was_exchanged_is_found(journals: dict[str, int], tamper: Tamper) -> None:
    tamper("UPDATE money_attachment SET content = %s", [OTHER])

    papers = Attachment.objects.order_by("pk").values_list("pk", flat=True)
    assert found() == [("duka", 0, f"paper {pk} {EXCHANGED}") for pk in papers]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows its types.")
@pytest.mark.parametrize("content", ["'a text'", "15", "CAST(content AS TEXT)"])
def test_a_paper_that_is_no_bytes_is_found(
    journals: dict[str, int], tamper: Tamper, content: str
) -> None:
    tamper(f"UPDATE money_attachment SET content = {content} WHERE id = {journals['paper']}")

    assert found() == [("duka", 0, f"paper {journals['paper']} {EXCHANGED}")]


def test_a_paper_that_was_exchanged_with_its_digest_is_found(
    journals: dict[str, int], tamper: Tamper
) -> None:
    tamper(
        "UPDATE money_attachment SET content = %s, sha256 = %s WHERE id = %s",
        [OTHER, OTHER_DIGEST, journals["paper"]],
    )

    what = f"it was posted with another paper than journal {journals['first']} has"
    assert found() == [("duka", 1, what)]


def test_a_paper_of_the_first_books_has_a_shorter_stamp(duka: Business, tamper: Tamper) -> None:
    """Sixteen digits stay valid, and find another paper as well."""
    journal = a_journal(duka)
    digest = hashlib.sha256(BILL.content).hexdigest()
    source = f"journal {journal.pk} file {digest[:16]}"
    tamper("UPDATE money_entry SET source = %s", [source])
    rewrite(tamper, duka, 1, "Power bill")
    assert Entry.objects.get().source == source
    assert verify_books().is_ok

    tamper("UPDATE money_attachment SET content = %s, sha256 = %s", [OTHER, OTHER_DIGEST])

    what = f"it was posted with another paper than journal {journal.pk} has"
    assert found() == [("duka", 1, what)]


@pytest.mark.parametrize(
    ("sql", "number", "what"),
    [
        (
            "money_journal SET attachment_id = NULL WHERE id = {first}",
            1,
            "it was posted with another paper than journal {first} has",
        ),
        (
            "money_journal SET attachment_id = {paper} WHERE id = {bare}",
            2,
            "it was posted with another paper than journal {bare} has",
        ),
        (
            "money_journal SET entry_id = {strange} WHERE id = {bare}",
            5,
            "it is not the entry of journal {bare}, which says so",
        ),
        (
            "money_journal SET corrects_id = {strange} WHERE id = {back}",
            4,
            "it is not the entry of journal {back}, which says so",
        ),
        (
            "money_journal SET business_id = {maji} WHERE id = {bare}",
            2,
            "it is not the entry of journal {bare}, which says so",
        ),
        (
            "money_journal SET needs_second_person = NOT needs_second_person WHERE id = {first}",
            1,
            "journal {first} needs a second person, and one person proposed and posted it",
        ),
        (
            "money_journal SET decided_by_id = {njeri} WHERE id = {large}",
            3,
            "journal {large} needs a second person, and one person proposed and posted it",
        ),
    ],
)
def test_an_altered_journal_is_found(
    journals: dict[str, int], tamper: Tamper, sql: str, number: int, what: str
) -> None:
    constraint = "journal_posted_by_a_second_person_where_needed"
    no_check = f"ALTER TABLE money_journal DROP CONSTRAINT {constraint};"
    update = f"UPDATE {sql.format(**journals)}"
    # SQLite leaves its checks out while `tamper` runs.
    tamper((no_check if connection.vendor == "postgresql" else "") + update)

    assert [(place, said) for _, place, said in found()] == [(number, what.format(**journals))]


def test_a_journal_that_was_led_to_its_reversal_is_found(
    journals: dict[str, int], tamper: Tamper
) -> None:
    """A reversal names no paper: only a journal without lines may stand behind one."""
    lines = "INSERT INTO money_journalline (journal_id, account_id, amount_cents, tax_class)"
    tamper(
        f"{lines} SELECT {journals['back']}, account_id, amount_cents, tax_class"
        f" FROM money_journalline WHERE journal_id = {journals['first']}"
    )

    what = f"it is not the entry of journal {journals['back']}, which says so"
    assert found() == [("duka", 4, what)]


def test_journals_that_lost_their_rows_are_found(journals: dict[str, int], tamper: Tamper) -> None:
    tamper(
        f"UPDATE money_journal SET attachment_id = 999999 WHERE id = {journals['large']};"
        f"UPDATE money_journal SET entry_id = 999999 WHERE id = {journals['bare']};"
        f"DELETE FROM money_journal WHERE id = {journals['first']};"
        f"DELETE FROM money_journalline WHERE journal_id = {journals['first']}"
    )

    assert found() == [
        ("duka", 0, f"journal {journals['bare']} is posted, and its entry is not there"),
        ("duka", 3, f"the paper of journal {journals['large']} is not there"),
        ("duka", 1, "the journal that holds its paper is not there"),
    ]


def test_papers_are_read_in_as_many_queries_for_one_as_for_many(duka: Business) -> None:
    counts = []
    for _ in range(3):
        a_journal(duka, Paper("a.pdf", "application/pdf", b"%PDF-" + b"x" * 10_000))
        with CaptureQueriesContext(connection) as queries:
            assert verify_books().is_ok
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_a_paper_is_stamped_with_half_of_its_digest(duka: Business) -> None:
    journal = a_journal(duka)

    digest = hashlib.sha256(BILL.content).hexdigest()
    assert Entry.objects.get().source == f"journal {journal.pk} file {digest[:32]}"
    # The column is 60 letters wide.
    assert len(f"journal {10**12} file {digest[:32]}") <= 60
