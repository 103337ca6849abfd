"""Manual journals: proposed with their paper, posted at once or by a second person, or rejected."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from money import triggers
from money.actions.books import open_account
from money.actions.corrections import AlreadyReversed, NoEntry, NotByHand, NotReversible, reverse
from money.actions.journals import (
    AlreadyProposed,
    BadJournal,
    Decided,
    NoJournal,
    SamePerson,
    approve,
    opening_balances,
    propose,
    reject,
)
from money.actions.papers import MOST_PAPER_BYTES, BadPaper, Paper
from money.actions.periods import close_day, lock_month, unlock
from money.actions.posting import KeyTaken, NoBook, PeriodLocked, UnknownAccount
from money.chart import Code
from money.drafts import MOST_LINE_CENTS, DraftLine, TooLong, Unbalanced, UnknownTax
from money.models import (
    Account,
    Attachment,
    Business,
    Entry,
    EntryKind,
    Journal,
    JournalLine,
    JournalState,
    Line,
    User,
)
from money.queries import balances
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_tax_person, a_user, an_entry, lines_of
from tests.money.conftest import Scratch

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
OCTOBER = date(2026, 10, 31)
LIMIT = 1_000_000  # KES 10,000
BILL: list[DraftLine] = [("6030", 10_000, "B"), ("1800", 1_600, "B"), ("2000", -11_600)]
PDF = Paper("bill.pdf", "application/pdf", b"%PDF-1.7 a bill")


def a_bill(cents: int) -> list[DraftLine]:
    return [("6030", cents), ("2000", -cents)]


def kiptoo() -> User:
    return a_user("kiptoo")


def wanjiru() -> User:
    return a_user("wanjiru")


def proposed(business: Business, **changes: Any) -> Journal:
    facts: dict[str, Any] = {
        "business": business,
        "occurred_on": date(2026, 11, 10),
        "description": "Power bill",
        "lines": BILL,
        "proposed_by": kiptoo(),
        "at": NOW,
    }
    return propose(**(facts | changes))


def opened(business: Business, **changes: Any) -> Journal:
    facts: dict[str, Any] = {
        "business": business,
        "day": date(2026, 11, 1),
        "lines": [("1000", 500_000), ("2000", -200_000), ("4040", -50_000)],
        "proposed_by": kiptoo(),
        "at": NOW,
    }
    return opening_balances(**(facts | changes))


def waiting(business: Business, **changes: Any) -> Journal:
    return proposed(business, **({"lines": a_bill(LIMIT + 1)} | changes))


def reversed_(journal: Journal) -> None:
    assert journal.entry_id
    reverse(entry_id=journal.entry_id, known_on=TODAY, reason="Wrong", actor=None, posted_at=NOW)


def rows() -> list[object]:
    models = (Journal, JournalLine, Attachment, Entry, Line)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def refusal(
    refused: type[Exception], call: Callable[..., object], /, *given: Any, **more: Any
) -> str:
    """Return the sentence of a refusal, having seen that nothing was written."""
    before = rows()
    with pytest.raises(refused) as caught, transaction.atomic():
        call(*given, **more)
    assert rows() == before
    assert verify_books().is_ok
    return str(caught.value)


# Proposing


def test_small_journal_is_posted_at_once(duka: Business) -> None:
    journal = proposed(duka, paper=PDF)

    digest = hashlib.sha256(PDF.content).hexdigest()
    entry = Entry.objects.get()
    assert Journal.objects.get() == journal
    assert (journal.state, journal.needs_second_person) == (JournalState.POSTED, False)
    assert (journal.decided_by, journal.decided_at, journal.entry) == (kiptoo(), NOW, entry)
    assert (entry.key, entry.kind) == (f"journal:{journal.pk}", EntryKind.ADJUSTMENT)
    assert (entry.occurred_on, entry.posted_at) == (date(2026, 11, 10), NOW)
    assert entry.source == f"journal {journal.pk} file {digest[:32]}"
    assert (entry.actor, entry.description) == (kiptoo(), "Power bill")
    lines = entry.lines.order_by("pk").values_list("account__code", "amount_cents", "tax_class")
    assert list(lines) == [("6030", 10_000, "B"), ("1800", 1_600, "B"), ("2000", -11_600, "")]
    assert verify_books().is_ok


def test_journal_without_a_paper_names_itself_alone(duka: Business) -> None:
    journal = proposed(duka)

    assert Entry.objects.get().source == f"journal {journal.pk}"


def test_journal_above_the_limit_waits(duka: Business) -> None:
    journal = waiting(duka)

    assert (journal.state, journal.needs_second_person) == (JournalState.PROPOSED, True)
    assert (journal.decided_by, journal.decided_at, journal.entry) == (None, None, None)
    kept = journal.lines.order_by("pk").values_list("account__code", "amount_cents", "tax_class")
    assert list(kept) == [("6030", LIMIT + 1, ""), ("2000", -LIMIT - 1, "")]
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("limit", "lines", "state"),
    [
        (LIMIT, a_bill(LIMIT), "posted"),
        (LIMIT, a_bill(LIMIT + 1), "proposed"),
        (LIMIT, [("6030", LIMIT), ("6040", 1), ("2000", -LIMIT - 1)], "proposed"),
        (0, a_bill(1), "proposed"),
        (1, [("6030", 1), ("2000", 1), ("1000", -2)], "proposed"),
    ],
)
def test_limit_is_of_all_debits(
    duka: Business, limit: int, lines: list[DraftLine], state: str
) -> None:
    duka.approval_above_cents = limit

    assert proposed(duka, lines=lines).state == state


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        (
            {"lines": [("6030", 2), ("2000", -1)]},
            Unbalanced,
            "This journal: the lines sum to 1 cents, not to zero.",
        ),
        ({"lines": []}, Unbalanced, "This journal: an entry has 2 to 500 lines."),
        (
            {"lines": [("6030", 1.5), ("2000", -1.5)]},
            Unbalanced,
            "This journal: an amount is a whole number of cents, an int.",
        ),
        (
            {"lines": a_bill(MOST_LINE_CENTS + 1)},
            Unbalanced,
            f"This journal: a line is not zero and at most {MOST_LINE_CENTS} cents.",
        ),
        (
            {"lines": [("6030", 1, "F"), ("2000", -1)]},
            UnknownTax,
            "This journal: 'F' is no tax letter.",
        ),
        (
            {"description": "x" * 201},
            TooLong,
            "The description has more than 200 letters.",
        ),
        ({"key": "x" * 65}, TooLong, "The key has more than 64 letters."),
        ({"description": "  "}, BadJournal, "Say what it is for."),
        (
            {"kind": EntryKind.FACT},
            BadJournal,
            "A journal by hand is an adjustment or brings opening balances.",
        ),
        (
            {"kind": EntryKind.CLOSING},
            BadJournal,
            "A journal by hand is an adjustment or brings opening balances.",
        ),
        (
            {"occurred_on": date(2026, 11, 24)},
            BadJournal,
            "24 November 2026 is still to come: tomorrow is the latest day.",
        ),
        (
            {"lines": [("6999", 1), ("2000", -1)]},
            UnknownAccount,
            "Amina duka has no account 6999.",
        ),
        (
            {"lines": [("2900", 1), ("2000", -1)]},
            NotByHand,
            "Account 2900 is kept by transfers between businesses: move the amount there.",
        ),
        (
            {"lines": [("2130", 1), ("2000", -1)]},
            NotByHand,
            "Account 2130 is kept by the M-Pesa inbox: match or refund the payment there.",
        ),
        ({"corrects_id": 7}, NoEntry, "Amina duka has no entry 7."),
    ],
)
def test_propose_refuses(
    duka: Business, changes: dict[str, Any], kind: type[Exception], said: str
) -> None:
    assert refusal(kind, proposed, duka, **changes) == said


def test_propose_refuses_an_account_under_one_that_is_not_by_hand(duka: Business) -> None:
    open_account(business=duka, code="2900.1", name="Due from Maji")

    refusal(NotByHand, proposed, duka, lines=[("2900.1", 1), ("2000", -1)])


def test_propose_takes_tomorrow_and_the_day_of_nairobi(duka: Business) -> None:
    # 21:00 UTC is midnight in Nairobi: tomorrow is the 24th there.
    late = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)

    assert proposed(duka, occurred_on=date(2026, 11, 23)).entry is not None
    assert proposed(duka, occurred_on=date(2026, 11, 24), at=late).entry is not None


def test_propose_refuses_a_locked_month_but_enters_a_closed_day(duka: Business) -> None:
    close_day(business=duka, day=TODAY, actor=None, at=NOW)
    lock_month(business=duka, month=OCTOBER, actor=None, at=NOW)

    for lines in (BILL, a_bill(LIMIT + 1)):
        said = refusal(PeriodLocked, proposed, duka, occurred_on=OCTOBER, lines=lines)
        assert said == (
            "The books of Amina duka are locked through 31 October 2026."
            " Use a later day, or let the owner unlock them."
        )
    journal = proposed(duka)
    assert journal.entry is not None
    assert journal.entry.occurred_on == date(2026, 11, 10)


def test_propose_refuses_a_business_without_a_book(db: None) -> None:
    bare = Business.objects.create(
        tax_person=a_tax_person(), slug="bare", name="Bare", trade="retail"
    )

    with pytest.raises(NoBook) as caught, transaction.atomic():
        proposed(bare)

    assert str(caught.value) == "Bare has no book of accounts."
    assert Journal.objects.count() == 0


def test_propose_with_one_key_makes_one_journal(duka: Business) -> None:
    first = proposed(duka, key="form-1", paper=PDF)
    again = proposed(duka, key="form-1", paper=PDF, at=LATER, lines=list(reversed(BILL)))

    assert again == first
    assert (Journal.objects.count(), Attachment.objects.count()) == (1, 1)
    assert Entry.objects.count() == 1


def test_propose_with_one_key_corrects_once(duka: Business) -> None:
    wrong = proposed(duka)
    first = proposed(duka, key="form-1", corrects_id=wrong.entry_id)

    assert proposed(duka, key="form-1", corrects_id=wrong.entry_id, at=LATER) == first
    assert Entry.objects.count() == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": a_bill(5)},
        {"occurred_on": TODAY},
        {"description": "Another"},
        {"kind": EntryKind.OPENING},
        {"paper": None},
        {"paper": Paper("bill.pdf", "", b"%PDF-1.7 another bill")},
    ],
)
def test_propose_refuses_a_key_with_another_content(
    duka: Business, changes: dict[str, Any]
) -> None:
    first = proposed(duka, key="form-1", paper=PDF)

    said = refusal(KeyTaken, proposed, duka, **({"key": "form-1", "paper": PDF} | changes))

    assert said == f"This was sent already as journal {first.pk}, with another content."


def test_propose_refuses_a_key_of_another_business(duka: Business) -> None:
    proposed(duka, key="form-1")

    refusal(KeyTaken, proposed, a_business(slug="maji"), key="form-1")


def test_propose_without_a_key_makes_another_journal(duka: Business) -> None:
    assert proposed(duka) != proposed(duka)


# Papers


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 x", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n x", "image/png"),
        (b"\xff\xd8\xff\xe0 x", "image/jpeg"),
    ],
)
def test_paper_is_kept_with_the_type_that_its_content_has(
    duka: Business, content: bytes, kind: str
) -> None:
    journal = proposed(duka, paper=Paper("bill", "text/html", content))

    kept = Attachment.objects.get()
    assert journal.attachment == kept
    assert (kept.content_type, bytes(kept.content)) == (kind, content)
    assert (kept.business, kept.name, kept.added_by, kept.added_at) == (
        duka,
        "bill",
        kiptoo(),
        NOW,
    )
    assert kept.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("/etc/passwd/bill.pdf", "bill.pdf"),
        ("C:\\Bills\\bill.pdf", "bill.pdf"),
        ("../../bill.pdf", "bill.pdf"),
        (" bill.pdf ", "bill.pdf"),
        ("x" * 200 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 200, "x" * 120),
        (".pdf", ".pdf"),
    ],
)
def test_paper_keeps_the_name_of_the_file_alone(duka: Business, name: str, kept: str) -> None:
    proposed(duka, paper=Paper(name, "application/pdf", PDF.content))

    assert Attachment.objects.get().name == kept


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        (Paper("a.pdf", "application/pdf", b""), "The paper is a PDF, a PNG or a JPEG."),
        (
            Paper("a.pdf", "application/pdf", b"<html>%PDF-"),
            "The paper is a PDF, a PNG or a JPEG.",
        ),
        (Paper("a.svg", "image/png", b"<svg>"), "The paper is a PDF, a PNG or a JPEG."),
        (Paper("", "application/pdf", PDF.content), "Give the paper a name."),
        (Paper("/", "application/pdf", PDF.content), "Give the paper a name."),
        (
            Paper("a.pdf", "application/pdf", b"%PDF-" + b"x" * (MOST_PAPER_BYTES - 4)),
            "The paper is larger than 5 MB.",
        ),
    ],
    ids=["empty", "html", "svg", "no name", "folder", "large"],
)
def test_paper_is_refused(duka: Business, paper: Paper, said: str) -> None:
    assert refusal(BadPaper, proposed, duka, paper=paper) == said


def test_paper_of_five_megabytes_is_kept(duka: Business) -> None:
    content = b"%PDF-" + b"x" * (MOST_PAPER_BYTES - 5)

    proposed(duka, paper=Paper("a.pdf", "application/pdf", content))

    assert bytes(Attachment.objects.get().content) == content


# Deciding


def test_second_person_approves(duka: Business) -> None:
    journal = waiting(duka, paper=PDF)

    approved = approve(journal_id=journal.pk, by=wanjiru(), at=LATER)

    entry = Entry.objects.get()
    assert (approved.state, approved.entry) == (JournalState.POSTED, entry)
    assert (approved.decided_by, approved.decided_at) == (wanjiru(), LATER)
    assert (entry.actor, entry.posted_at, entry.occurred_on) == (
        kiptoo(),
        LATER,
        date(2026, 11, 10),
    )
    assert Journal.objects.values().get() == {
        field.attname: getattr(approved, field.attname) for field in Journal._meta.local_fields
    }
    assert balances(duka) == {"2000": -LIMIT - 1, "6030": LIMIT + 1}
    assert verify_books().is_ok


def test_approve_twice_returns_what_was_posted(duka: Business) -> None:
    journal = waiting(duka)
    first = approve(journal_id=journal.pk, by=wanjiru(), at=LATER)

    again = approve(journal_id=journal.pk, by=a_user("amina"), at=LATER + timedelta(days=1))

    assert (again, again.decided_by, again.decided_at) == (first, wanjiru(), LATER)
    assert Entry.objects.count() == 1


def test_proposer_does_not_approve(duka: Business) -> None:
    journal = waiting(duka)

    said = refusal(SamePerson, approve, journal_id=journal.pk, by=kiptoo(), at=LATER)

    assert said == "A second person approves this journal: you proposed it yourself."


def test_second_person_rejects(duka: Business) -> None:
    journal = waiting(duka)

    rejected = reject(journal_id=journal.pk, by=wanjiru(), note=" No bill ", at=LATER)

    assert (rejected.state, rejected.entry) == (JournalState.REJECTED, None)
    assert (rejected.decided_by, rejected.decided_at) == (wanjiru(), LATER)
    assert Journal.objects.get().decision_note == "No bill"
    assert Entry.objects.count() == 0


def test_proposer_withdraws(duka: Business) -> None:
    journal = waiting(duka)

    assert reject(journal_id=journal.pk, by=kiptoo(), note="", at=LATER).decided_by == kiptoo()


def test_rejected_journal_is_decided(duka: Business) -> None:
    journal = waiting(duka)
    reject(journal_id=journal.pk, by=wanjiru(), note="", at=LATER)

    for call, more in ((approve, {}), (reject, {"note": ""})):
        for by in (wanjiru(), kiptoo()):
            said = refusal(Decided, call, journal_id=journal.pk, by=by, at=LATER, **more)
            assert said == f"Journal {journal.pk} is rejected already."


def test_posted_journal_is_not_rejected(duka: Business) -> None:
    for journal in (proposed(duka), waiting(duka)):
        approve(journal_id=journal.pk, by=wanjiru(), at=LATER)
        said = refusal(Decided, reject, journal_id=journal.pk, by=wanjiru(), note="", at=LATER)
        assert said == f"Journal {journal.pk} is posted already."


def test_journal_that_does_not_exist_is_not_decided(duka: Business) -> None:
    assert refusal(NoJournal, approve, journal_id=7, by=wanjiru(), at=NOW) == (
        "There is no journal 7."
    )
    refusal(NoJournal, reject, journal_id=7, by=wanjiru(), note="", at=NOW)


def test_reject_refuses_a_note_that_no_column_holds(duka: Business) -> None:
    journal = waiting(duka)

    refusal(TooLong, reject, journal_id=journal.pk, by=wanjiru(), note="x" * 201, at=NOW)


def test_journal_waits_on_while_its_month_is_locked(duka: Business) -> None:
    journal = waiting(duka, occurred_on=OCTOBER)
    lock_month(business=duka, month=OCTOBER, actor=None, at=NOW)

    said = refusal(PeriodLocked, approve, journal_id=journal.pk, by=wanjiru(), at=LATER)
    assert said.startswith("The books of duka are locked through 2026-10-31.")
    assert Journal.objects.get().state == JournalState.PROPOSED

    unlock(business=duka, from_day=OCTOBER, actor=wanjiru(), reason="Bill came late", at=LATER)
    assert approve(journal_id=journal.pk, by=wanjiru(), at=LATER).entry is not None
    assert verify_books().is_ok


# Correcting


def test_journal_that_corrects_reverses_first(duka: Business) -> None:
    wrong = proposed(duka).entry
    assert wrong is not None

    right = proposed(duka, lines=a_bill(500), corrects_id=wrong.pk)

    reversal, entry = Entry.objects.order_by("number")[1:]
    assert (reversal.key, reversal.reverses) == (f"reverse:{wrong.pk}", wrong)
    # On one day: an open month that is corrected later shows the difference alone.
    assert (reversal.occurred_on, entry.occurred_on) == (date(2026, 11, 10), date(2026, 11, 10))
    assert reversal.kind == EntryKind.ADJUSTMENT
    assert reversal.description == f"Reverses duka 1: corrected by journal {right.pk}"
    assert (right.entry, right.corrects) == (entry, wrong)
    assert balances(duka) == {"1800": 0, "2000": -500, "6030": 500}
    assert verify_books().is_ok


def test_correction_waits_when_what_it_reverses_is_above_the_limit(duka: Business) -> None:
    large = waiting(duka)
    posted = approve(journal_id=large.pk, by=wanjiru(), at=NOW)

    small = proposed(duka, lines=a_bill(1), corrects_id=posted.entry_id)

    assert (small.state, Entry.objects.count()) == (JournalState.PROPOSED, 1)
    approve(journal_id=small.pk, by=wanjiru(), at=LATER)
    reversal, entry = Entry.objects.order_by("number")[1:]
    assert (reversal.occurred_on, entry.occurred_on) == (date(2026, 11, 10), date(2026, 11, 10))
    assert verify_books().is_ok


def test_correction_of_a_fact_of_a_closed_day_enters_that_day_whole(duka: Business) -> None:
    """As adjustments do: were the reversal a fact, it would move on and leave the day doubled."""
    wrong = an_entry(duka, key="journal:old", occurred_on=date(2026, 11, 10))
    close_day(business=duka, day=date(2026, 11, 15), actor=kiptoo(), at=NOW)

    right = proposed(duka, corrects_id=wrong.entry_id)

    days = Entry.objects.filter(number__gt=1).values_list("occurred_on", "late_for")
    assert set(days) == {(date(2026, 11, 10), None)}
    assert right.state == JournalState.POSTED
    assert verify_books().is_ok


def test_journal_without_lines_takes_back_what_it_corrects(duka: Business) -> None:
    wrong = proposed(duka).entry
    assert wrong is not None

    back = proposed(duka, lines=[], corrects_id=wrong.pk, description="Twice", occurred_on=TODAY)

    reversal = Entry.objects.get(reverses=wrong)
    assert (back.entry, back.state) == (reversal, JournalState.POSTED)
    assert reversal.description == "Reverses duka 1: Twice"
    assert set(balances(duka).values()) == {0}
    assert verify_books().is_ok


def test_journal_without_lines_and_without_an_entry_is_refused(duka: Business) -> None:
    refusal(Unbalanced, proposed, duka, lines=[])


def test_correction_of_tomorrows_entry_is_reversed_tomorrow(duka: Business) -> None:
    tomorrow = date(2026, 11, 23)
    wrong = proposed(duka, occurred_on=tomorrow)

    proposed(duka, corrects_id=wrong.entry_id)

    assert Entry.objects.get(reverses=wrong.entry_id).occurred_on == tomorrow


def test_propose_refuses_to_correct_what_belongs_upstairs_or_is_reversed(duka: Business) -> None:
    water = a_business(slug="maji")
    sale, wrong, elsewhere = an_entry(duka, key="sale:1"), proposed(duka), proposed(water)
    reversed_(wrong)

    assert refusal(NotReversible, proposed, duka, corrects_id=sale.entry_id) == (
        "This entry belongs to sale 1; refund or cancel it there."
    )
    assert refusal(AlreadyReversed, proposed, duka, corrects_id=wrong.entry_id) == (
        "Entry 2 of Amina duka is reversed already, by entry 3."
    )
    refusal(NoEntry, proposed, duka, corrects_id=elsewhere.entry_id)


def test_correction_of_what_was_reversed_meanwhile_waits_on(duka: Business) -> None:
    wrong = proposed(duka)
    journal = waiting(duka, corrects_id=wrong.entry_id)
    reversed_(wrong)

    refusal(AlreadyReversed, approve, journal_id=journal.pk, by=wanjiru(), at=LATER)

    assert Journal.objects.get(pk=journal.pk).state == JournalState.PROPOSED


def test_second_reversal_that_waits_is_refused_and_waits_on(duka: Business) -> None:
    """Two could be proposed once; the books may hold such a pair."""
    wrong = approve(journal_id=waiting(duka).pk, by=wanjiru(), at=NOW)
    first, second = (
        Journal.objects.create(
            key=key,
            business=duka,
            kind=EntryKind.ADJUSTMENT,
            occurred_on=TODAY,
            description="Not ours",
            corrects=wrong.entry,
            needs_second_person=True,
            proposed_by=kiptoo(),
            proposed_at=NOW,
        )
        for key in ("first", "second")
    )
    approve(journal_id=first.pk, by=wanjiru(), at=LATER)

    said = refusal(AlreadyReversed, approve, journal_id=second.pk, by=wanjiru(), at=LATER)

    assert said == "Entry 1 of Amina duka is reversed already, by entry 2."
    assert Journal.objects.get(pk=second.pk).state == JournalState.PROPOSED


def test_propose_refuses_to_correct_what_another_journal_waits_to_correct(duka: Business) -> None:
    wrong = approve(journal_id=waiting(duka).pk, by=wanjiru(), at=NOW)
    first = proposed(duka, lines=a_bill(5), corrects_id=wrong.entry_id)

    for lines in ([], a_bill(7)):
        said = refusal(AlreadyProposed, proposed, duka, lines=lines, corrects_id=wrong.entry_id)
        assert said == (
            f"Journal {first.pk} would correct entry 1 already and waits for a second person:"
            " approve or reject that one first."
        )

    reject(journal_id=first.pk, by=wanjiru(), note="", at=NOW)
    assert proposed(duka, lines=[], corrects_id=wrong.entry_id).state == JournalState.PROPOSED


@pytest.mark.parametrize("code", ["2000", "2100", "2220", "3100"])
def test_propose_refuses_a_tax_letter_that_no_return_counts(duka: Business, code: str) -> None:
    lines: list[DraftLine] = [("6030", 100), (code, -100, "B")]

    assert refusal(BadJournal, proposed, duka, lines=lines) == (
        f"Account {code} takes no tax letter: put it on what was sold or bought, and on its VAT."
    )


def test_propose_takes_a_tax_letter_on_output_vat(duka: Business) -> None:
    lines: list[DraftLine] = [("1200", 116), ("4070", -100, "B"), ("2200", -16, "B")]

    assert proposed(duka, lines=lines).state == JournalState.POSTED


# Opening balances


def test_opening_balances_put_the_difference_into_3300(duka: Business) -> None:
    journal = opened(duka, paper=PDF)

    entry = Entry.objects.get()
    assert lines_of(entry.key) == [
        ("1000", 500_000),
        ("2000", -200_000),
        ("4040", -50_000),
        (Code.OPENING_BALANCES, -250_000),
    ]
    assert (entry.kind, entry.occurred_on) == (EntryKind.OPENING, date(2026, 11, 1))
    assert (journal.kind, journal.description) == (
        EntryKind.OPENING,
        "Opening balances of 1 November 2026",
    )
    assert verify_books().is_ok


def test_opening_balances_that_balance_need_no_3300(duka: Business) -> None:
    opened(duka, lines=[("1000", 5), ("3000", -5)])

    assert lines_of(Entry.objects.get().key) == [("1000", 5), ("3000", -5)]


def test_opening_balance_of_one_account_is_enough(duka: Business) -> None:
    opened(duka, lines=[("1000", 5)])

    assert lines_of(Entry.objects.get().key) == [("1000", 5), (Code.OPENING_BALANCES, -5)]


def test_opening_balances_above_the_limit_wait(duka: Business) -> None:
    journal = opened(duka, lines=[("1000", LIMIT + 1)])

    assert (journal.state, Entry.objects.count()) == (JournalState.PROPOSED, 0)
    approve(journal_id=journal.pk, by=wanjiru(), at=LATER)
    assert Entry.objects.get().kind == EntryKind.OPENING


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"lines": [("3300", 5), ("1000", -5)]}, BadJournal),
        ({"lines": [("3300.1", 5), ("1000", -5)]}, BadJournal),
        ({"lines": []}, Unbalanced),
        ({"lines": [("1000", 0)]}, Unbalanced),
        ({"lines": [("1000", "5")]}, Unbalanced),
        ({"lines": [("2130", -5)]}, NotByHand),
        ({"lines": [("2900", -5)]}, NotByHand),
        ({"lines": [("6999", 5)]}, UnknownAccount),
        ({"day": date(2026, 11, 24)}, BadJournal),
        ({"paper": Paper("a", "", b"x")}, BadPaper),
    ],
)
def test_opening_balances_refuse(
    duka: Business, changes: dict[str, Any], kind: type[Exception]
) -> None:
    refusal(kind, opened, duka, **changes)


def test_opening_balances_with_one_key_are_brought_once(duka: Business) -> None:
    assert opened(duka, key="form-1") == opened(duka, key="form-1", at=LATER)
    assert Entry.objects.count() == 1


# What the database keeps


def unguarded(**changes: object) -> int:
    """Update a proposal in a way that its trigger refuses before a constraint can."""
    connection.check_constraints()
    triggers.drop()
    return Journal.objects.update(**changes)


BREAKERS: list[tuple[str, Callable[[Journal], object]]] = [
    (
        "attachment_name_is_given",
        lambda journal: Attachment.objects.create(
            business=journal.business,
            name="",
            content=b"",
            added_by=journal.proposed_by,
            added_at=NOW,
        ),
    ),
    (
        "journal_kind_is_written_by_hand",
        lambda _: unguarded(kind=EntryKind.FACT),
    ),
    (
        "journal_state_is_known",
        lambda journal: Journal.objects.update(
            state="guess", decided_by=journal.proposed_by, decided_at=NOW
        ),
    ),
    (
        "journal_has_an_entry_exactly_when_posted",
        lambda _: Journal.objects.update(
            state=JournalState.POSTED, decided_by=wanjiru(), decided_at=NOW
        ),
    ),
    (
        "journal_has_an_entry_exactly_when_posted",
        lambda journal: Journal.objects.update(entry=an_entry(journal.business).entry_id),
    ),
    (
        "journal_decided_exactly_when_not_proposed",
        lambda _: Journal.objects.update(state=JournalState.REJECTED, decided_by=wanjiru()),
    ),
    (
        "journal_decided_exactly_when_not_proposed",
        lambda _: Journal.objects.update(state=JournalState.REJECTED, decided_at=NOW),
    ),
    (
        "journal_decided_exactly_when_not_proposed",
        lambda _: Journal.objects.update(decided_by=wanjiru(), decided_at=NOW),
    ),
    (
        "journal_posted_by_a_second_person_where_needed",
        lambda journal: Journal.objects.update(
            state=JournalState.POSTED,
            decided_by=journal.proposed_by,
            decided_at=NOW,
            entry=an_entry(journal.business).entry_id,
        ),
    ),
    ("journal_description_is_given", lambda _: unguarded(description="")),
    ("journalline_is_not_zero", lambda _: JournalLine.objects.update(amount_cents=0)),
    ("journalline_tax_class_is_known", lambda _: JournalLine.objects.update(tax_class="F")),
]


@pytest.mark.parametrize(("name", "breaker"), BREAKERS)
def test_constraint_refuses(
    duka: Business, name: str, breaker: Callable[[Journal], object]
) -> None:
    journal = waiting(duka, paper=PDF)

    with pytest.raises(IntegrityError, match=rf"\b{name}\b"), transaction.atomic():
        breaker(journal)


def test_every_named_constraint_is_broken_here() -> None:
    models = (Attachment, Journal, JournalLine)

    assert {name for name, _ in BREAKERS} == {c.name for m in models for c in m._meta.constraints}


def test_key_of_a_journal_is_taken_once(duka: Business) -> None:
    waiting(duka, key="a")
    waiting(duka, key="b")

    with pytest.raises(IntegrityError, match="key"), transaction.atomic():
        unguarded(key="a")


def test_account_of_a_journal_stays(duka: Business) -> None:
    open_account(business=duka, code="6140", name="Tea")
    waiting(duka, lines=[("6140", LIMIT + 1), ("2000", -LIMIT - 1)])

    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(code="6140").delete()


# Several at once

WORKER = """
import sys
from datetime import UTC, date, datetime
from money.actions.books import open_business
from money.actions.journals import approve, propose
from money.models import TaxPerson, User
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z")
business = open_business(tax_person=person, slug="paper", name="Paper", trade="retail")
people = [User.objects.get_or_create(username=name)[0] for name in ("kiptoo", "wanjiru")]
at = datetime(2026, 11, 22, 9, tzinfo=UTC)
for step in range(int(sys.argv[1])):
    journal = propose(
        business=business, key=f"form:{step}", occurred_on=date(2026, 11, 22), description="x",
        lines=[("6030", 2_000_000), ("2000", -2_000_000)], proposed_by=people[0], at=at)
    print(approve(journal_id=journal.pk, by=people[1], at=at).entry_id)
"""


def test_same_form_from_four_processes_is_one_journal_and_one_entry(scratch: Scratch) -> None:
    told = scratch.run_together(*[("code", WORKER, 10)] * 4)

    assert told == [told[0]] * 4
    assert scratch.run("verify", "paper")[:2] == ["True", "10"]
