"""Statement and books beside each other, day by day: in both, only there, only here, differing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from money.cents import format_shillings
from money.models import Business
from money.snapshot import snapshot
from mpesa.models import (
    Origin,
    Payment,
    Reversal,
    ReversalState,
    StatementRow,
    StatementUpload,
    TiedDay,
    Till,
    UploadState,
)
from mpesa.previews import chunks, payments_of, word_of
from mpesa.statements import RowKind

A_DAY = timedelta(days=1)
_PAYMENT = word_of(RowKind.PAYMENT)
_REVERSAL = word_of(RowKind.REVERSAL)
_OTHER = word_of(RowKind.OTHER)


@dataclass(frozen=True, slots=True)
class Difference:
    """A payment that statement and books both have, and do not agree about."""

    row: StatementRow
    payment: Payment
    sentence: str

    @property
    def may_be_corrected(self) -> bool:
        """Whether the amount is what differs, so that an owner may say the statement is right."""
        is_same_till = self.payment.till_id == self.row.till_id
        return is_same_till and self.payment.paid_cents != self.row.amount_cents


@dataclass(slots=True)
class DayMatch:
    """One Nairobi day of a till; `both` payments of `both_cents` agree.

    `only_us` is filled only where a statement covers the whole day. `untaken` are reversals of the
    statement that our books do not have, `noted` is money in that is no payment: a person looks.
    """

    day: date
    is_covered: bool = False
    both: int = 0
    both_cents: int = 0
    only_statement: list[StatementRow] = field(default_factory=list)
    only_us: list[Payment] = field(default_factory=list)
    differing: list[Difference] = field(default_factory=list)
    untaken: list[StatementRow] = field(default_factory=list)
    noted: list[StatementRow] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """How many payments and reversals stand between this day and its tie."""
        payments = len(self.only_statement) + len(self.only_us) + len(self.differing)
        return payments + len(self.untaken)

    @property
    def agrees(self) -> bool:
        return self.is_covered and not self.differences

    @property
    def sentence(self) -> str:
        """Say what differs, for a log or a command: "1 payment is only in our books"."""
        parts = [
            (len(self.only_statement), "only in the statement"),
            (len(self.only_us), "only in our books"),
            (len(self.differing), "in both, but not the same"),
            (len(self.untaken), "a reversal that our books do not have"),
        ]
        return "; ".join(f"{found} {words}" for found, words in parts if found)


def start_of(day: date) -> datetime:
    """Return the instant at which a Nairobi day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


def days_of(*, till: Till, first: date, last: date) -> list[DayMatch]:
    """Match the statement rows and payments of a till on the days from `first` to `last`.

    A payment belongs to the day that the statement says, and where it has no row to its own.
    """
    days = [first + A_DAY * number for number in range((last - first).days + 1)]
    with snapshot():
        matches = {day: DayMatch(day) for day in days}
        for day in _covered(till, first, last):
            matches[day].is_covered = True
        begin, end = start_of(first), start_of(last + A_DAY)
        rows = list(StatementRow.objects.filter(till=till, at__gte=begin, at__lt=end))
        _match_rows(till, [row for row in rows if row.kind == _PAYMENT], matches)
        _find_only_us(till, begin, end, matches)
    for row in rows:
        match = matches[timezone.localdate(row.at)]
        if row.kind == _REVERSAL and row.sign < 0 and not row.posted_key:
            match.untaken.append(row)
        elif row.sign > 0 and row.kind in {_REVERSAL, _OTHER}:
            match.noted.append(row)
    return [matches[day] for day in days]


def _covered(till: Till, first: date, last: date) -> set[date]:
    """Return the days that a file covers which came after the day was over."""
    uploads = StatementUpload.objects.filter(
        till=till, state=UploadState.DONE, first_day__lte=last, last_day__gte=first
    )
    covered: set[date] = set()
    for since, until, at in uploads.values_list("first_day", "last_day", "at"):
        assert since is not None
        assert until is not None
        # A file of today knows nothing of tonight.
        ends = min(until, last, timezone.localdate(at) - A_DAY)
        begins = max(since, first)
        covered |= {begins + A_DAY * n for n in range((ends - begins).days + 1)}
    return covered


def _match_rows(till: Till, rows: list[StatementRow], matches: dict[date, DayMatch]) -> None:
    ours = {payment.receipt: payment for payment in payments_of(row.receipt for row in rows)}
    forged = _taken_back(payment.pk for payment in ours.values())
    for row in rows:
        match, payment = matches[timezone.localdate(row.at)], ours.get(row.receipt)
        if payment is None:
            match.only_statement.append(row)
        elif sentence := _differs(till, row, payment, is_forged=payment.pk in forged):
            match.differing.append(Difference(row, payment, sentence))
        else:
            match.both += 1
            match.both_cents += row.amount_cents


def _differs(till: Till, row: StatementRow, payment: Payment, *, is_forged: bool) -> str:
    if payment.till_id != till.pk:
        return f"Our books have it at {payment.till}."
    if payment.paid_cents != row.amount_cents:
        return f"Our books have KES {format_shillings(payment.paid_cents)}."
    return "We took it back as forged, but the statement has it." if is_forged else ""


def _find_only_us(
    till: Till, begin: datetime, end: datetime, matches: dict[date, DayMatch]
) -> None:
    by_day: dict[date, list[Payment]] = defaultdict(list)
    payments = Payment.objects.filter(till=till, paid_at__gte=begin, paid_at__lt=end)
    for payment in payments.select_related("till").order_by("paid_at", "pk"):
        day = timezone.localdate(payment.paid_at)
        if matches[day].is_covered:
            by_day[day].append(payment)
    found = [payment for listed in by_day.values() for payment in listed]
    told = _with_a_row(till, [payment.receipt for payment in found])
    forged = _taken_back(payment.pk for payment in found)
    for day, listed in by_day.items():
        matches[day].only_us += [
            one for one in listed if one.receipt not in told and one.pk not in forged
        ]


def _with_a_row(till: Till, receipts: list[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(receipts):
        rows = StatementRow.objects.filter(till=till, kind=_PAYMENT, receipt__in=some)
        found |= set(rows.values_list("receipt", flat=True))
    return found


def _taken_back(payment_ids: Iterable[int]) -> set[int]:
    """Return which of these payments were taken back as forged."""
    ids, found = list(payment_ids), set[int]()
    for some in chunks(ids):
        reversals = Reversal.objects.filter(
            payment__in=some, origin=Origin.FORGED, state=ReversalState.DONE
        )
        found |= set(reversals.values_list("payment_id", flat=True))
    return found


def days_not_tied(*, business: Business, first: date, last: date) -> list[tuple[Till, date]]:
    """Return tills and days with payments that no statement has tied off, oldest first."""
    days = (
        Payment.objects.filter(
            till__business=business,
            paid_at__gte=start_of(first),
            paid_at__lt=start_of(last + A_DAY),
        )
        .order_by()
        .annotate(day=TruncDate("paid_at"))
        .values_list("till", "day")
        .distinct()
    )
    tied = TiedDay.objects.filter(till__business=business, day__gte=first, day__lte=last)
    are_tied = set(tied.exclude(tied_at=None).values_list("till", "day"))
    tills = Till.objects.filter(business=business).in_bulk()
    left = sorted((day, pk) for pk, day in set(days) - are_tied)
    return [(tills[pk], day) for day, pk in left]


def uploads_of(till: Till) -> QuerySet[StatementUpload]:
    """Return the statement files of a till, newest first, without their content."""
    return (
        StatementUpload.objects.filter(till=till)
        .exclude(state=UploadState.DROPPED)
        .select_related("by")
        .defer("content")
        .order_by("-pk")
    )


def waiting_uploads() -> list[int]:
    """Return ids of the files that wait to be brought in, oldest first."""
    rows = StatementUpload.objects.filter(state=UploadState.WAITING).order_by("pk")
    return list(rows.values_list("pk", flat=True))
