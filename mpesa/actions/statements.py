"""Statement files: uploaded, looked at, brought into the books row by row, their days tied off."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from money.access import Ability, businesses_for
from money.models import User
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.statement_rows import take_left_reversals, take_row
from mpesa.actions.tying import tie_days
from mpesa.models import StatementUpload, Till, TillKind, UploadState
from mpesa.previews import cents_of, days_covered, file_of, kept_rows, key_of, moving
from mpesa.statements import NotAStatement, StatementFile, check_totals, read_statement

# After each step the progress is told, and whoever tells it may stop.
STEP = 100
# The file says its own time; a clock of ours may be behind.
_AHEAD = timedelta(hours=12)

Tick = Callable[[int, int], None]


class NotNow(Exception):
    """The file is not in the state for it; the message is a sentence for the owner."""


def upload(
    *, till: Till, name: str, content: bytes, by: User | None, now: datetime
) -> StatementUpload:
    """Keep a statement file to be looked at. The same file again returns the first one.

    `by` keeps the books of the till's business; None is the machine's own operator. Raises
    NotAllowed, and NotAStatement with what is wrong: no statement, another till's, not whole.
    """
    refuse_stranger(till, by)
    file = read_statement(content, name)
    _refuse_foreign(till, file)
    if sentence := check_totals(file):
        raise NotAStatement(sentence)
    _refuse_future(file, now)
    digest = hashlib.sha256(content).hexdigest()
    same = StatementUpload.objects.filter(till=till, sha256=digest)
    same = same.exclude(state=UploadState.DROPPED)
    first_day, last_day = days_covered(file)
    try:
        with transaction.atomic():
            if (first := same.first()) and not _is_of_an_open_day(first, now):
                return first
            same.update(state=UploadState.DROPPED, note="The same file came on a later day.")
            return StatementUpload.objects.create(
                till=till,
                name=name[:200],
                sha256=digest,
                content=content,
                first_day=first_day,
                last_day=last_day,
                rows=len(file.rows),
                state=UploadState.PREVIEW,
                by=by,
                at=now,
                note="" if last_day else "It covers no day, or says not which.",
            )
    except IntegrityError:  # the same file at the same moment
        return same.get()


def refuse_stranger(till: Till, by: User | None) -> None:
    """Raise NotAllowed where somebody does not keep the books of the till's business."""
    if by and not businesses_for(by, Ability.KEEP_BOOKS).filter(pk=till.business_id).exists():
        raise NotAllowed(f"{by} does not keep the books of {till.business}.")


def _refuse_foreign(till: Till, file: StatementFile) -> None:
    is_till = till.kind == TillKind.TILL
    ours = f"till {till.number} (store {till.shortcode})" if is_till else f"paybill {till.number}"
    if not file.shortcode:
        raise NotAStatement(
            "The file does not say whose it is. Leave it the name that Safaricom's portal gave it."
        )
    if file.shortcode not in {till.shortcode, till.number}:
        raise NotAStatement(f"This file is of {file.shortcode}, not of {ours}.")


def _refuse_future(file: StatementFile, now: datetime) -> None:
    late = next((row for row in file.rows if row.completed_at > now + _AHEAD), None)
    if late:
        raise NotAStatement(
            f"Line {late.line} of the file is of {late.completed_at:%d %B %Y}, which is yet to"
            " come. Look at this machine's clock, or download the statement again."
        )


def _is_of_an_open_day(first: StatementUpload, now: datetime) -> bool:
    """Tell whether a file came before its last day was over, and comes again after it.

    Nothing was paid meanwhile: now it says the whole day, and before it did not.
    """
    last = first.last_day
    if last is None or first.state != UploadState.DONE:
        return False
    return timezone.localdate(first.at) <= last < timezone.localdate(now)


def confirm(*, upload_id: int, by: User | None) -> StatementUpload:
    """Have a file brought in by the next worker; twice is harmless. Raises NotAllowed, NotNow."""
    with transaction.atomic():
        found = _locked(upload_id, by)
        if found.state == UploadState.DROPPED:
            raise NotNow("This file was dropped. Upload it again.")
        if found.state == UploadState.PREVIEW:
            _set(found, state=UploadState.WAITING)
    return found


def drop(*, upload_id: int, by: User | None) -> StatementUpload:
    """Forget a file that was only looked at. Raises NotAllowed, NotNow."""
    with transaction.atomic():
        found = _locked(upload_id, by)
        if found.state != UploadState.PREVIEW:
            raise NotNow("This file is being brought in, or was: it stays.")
        _set(found, state=UploadState.DROPPED)
    return found


def bring_in(*, upload_id: int, tick: Tick, now: datetime) -> StatementUpload:
    """Bring a confirmed file into the books, a transaction per row; again goes on where it ended.

    `tick(done, total)` counts rows, and what it raises stops the work until the next time. Rows
    that an earlier or another running import has are left alone. Raises NotNow for a file that
    was not confirmed, NotAStatement where its content was erased.
    """
    found = StatementUpload.objects.select_related("till__business").get(pk=upload_id)
    if found.state == UploadState.DONE:
        return found
    if found.state != UploadState.WAITING:
        raise NotNow("This file is not to be brought in.")
    rows = moving(file_of(found).rows)
    for start in range(0, len(rows), STEP):
        step = rows[start : start + STEP]
        kept = kept_rows(found.till, step)
        for row in step:
            if kept.get(key_of(row)) != cents_of(row):
                take_row(row, found, now=now)
        tick(start + len(step), len(rows))
    take_left_reversals(till=found.till, now=now)
    _set(found, state=UploadState.DONE, done_at=now, note="")
    if rows or found.last_day:
        touched = [timezone.localdate(row.completed_at) for row in rows]
        touched += [day for day in (found.first_day, found.last_day) if day]
        tie_days(till=found.till, first=min(touched), last=max(touched), now=now)
    return found


def note_progress(*, upload_id: int, done: int, total: int) -> None:
    """Let the page say how far an import is; about twenty times, since the row holds the file."""
    every = max(total // 20 // STEP, 1) * STEP
    if done % every == 0:
        note_trouble(upload_id=upload_id, sentence=f"{done:,} of {total:,} rows")


def note_trouble(*, upload_id: int, sentence: str) -> None:
    """Let the page say what holds a waiting file up."""
    rows = StatementUpload.objects.filter(pk=upload_id, state=UploadState.WAITING)
    rows.update(note=sentence[:200])


def _locked(upload_id: int, by: User | None) -> StatementUpload:
    rows = StatementUpload.objects.select_for_update(of=("self",)).defer("content")
    found = rows.select_related("till__business").get(pk=upload_id)
    refuse_stranger(found.till, by)
    return found


def _set(found: StatementUpload, **values: object) -> None:
    for name, value in values.items():
        setattr(found, name, value)
    found.save(update_fields=list(values))
