"""What an accountant writes by hand: a journal is proposed, then posted or rejected."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models.ledger import Account, Entry, EntryKind
from money.models.people import Business, User
from money.models.tax import TaxClass


class Attachment(models.Model):
    """A paper behind a journal, kept in the database so that one backup holds everything."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="attachment_name_is_given", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class JournalState(models.TextChoices):
    PROPOSED = "proposed", "Waits for a second person"
    POSTED = "posted", "Posted"
    REJECTED = "rejected", "Rejected"


class Journal(models.Model):
    """A manual journal. Above the business's limit a second person posts or rejects it.

    `key` comes with the form: `propose` with the same key returns the first journal.
    """

    key = models.CharField(max_length=64, unique=True)
    business = models.ForeignKey(Business, models.PROTECT, related_name="journals")
    kind = models.CharField(max_length=10, choices=EntryKind.choices, default=EntryKind.ADJUSTMENT)
    occurred_on = models.DateField()
    description = models.CharField(max_length=200)
    # Corrects an entry: the posting reverses that one first.
    corrects = models.ForeignKey(
        Entry, models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    attachment = models.ForeignKey(Attachment, models.PROTECT, null=True, blank=True)
    state = models.CharField(
        max_length=8, choices=JournalState.choices, default=JournalState.PROPOSED
    )
    needs_second_person = models.BooleanField()
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=200, blank=True)
    entry = models.OneToOneField(
        Entry, models.PROTECT, null=True, blank=True, related_name="journal"
    )

    class Meta:
        verbose_name = "manual journal"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="journal_kind_is_written_by_hand",
                condition=Q(kind__in=[EntryKind.ADJUSTMENT, EntryKind.OPENING]),
            ),
            models.CheckConstraint(
                name="journal_state_is_known", condition=Q(state__in=JournalState.values)
            ),
            models.CheckConstraint(
                name="journal_has_an_entry_exactly_when_posted",
                condition=Q(state=JournalState.POSTED, entry__isnull=False)
                | (~Q(state=JournalState.POSTED) & Q(entry=None)),
            ),
            models.CheckConstraint(
                name="journal_decided_exactly_when_not_proposed",
                condition=Q(state=JournalState.PROPOSED, decided_by=None, decided_at=None)
                | (
                    ~Q(state=JournalState.PROPOSED)
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="journal_posted_by_a_second_person_where_needed",
                condition=~Q(state=JournalState.POSTED)
                | Q(needs_second_person=False)
                | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="journal_description_is_given", condition=~Q(description="")
            ),
        ]

    def __str__(self) -> str:
        return f"Journal {self.pk}: {self.description}"


class JournalLine(models.Model):
    """One side of a manual journal: cents to an account, debit positive, credit negative."""

    journal = models.ForeignKey(Journal, models.CASCADE, related_name="lines")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    tax_class = models.CharField(max_length=1, choices=TaxClass.choices, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="journalline_is_not_zero", condition=~Q(amount_cents=0)),
            models.CheckConstraint(
                name="journalline_tax_class_is_known",
                condition=Q(tax_class__in=["", *TaxClass.values]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_cents}"
