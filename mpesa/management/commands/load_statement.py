"""Bring a statement file into the books: exit 0, or 1 with a sentence or with what differs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.cents import format_shillings
from money.models import User
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.statements import bring_in, confirm, upload
from mpesa.models import StatementUpload, Till, UploadState
from mpesa.previews import Preview, preview_of
from mpesa.reconciliation import DayMatch, days_of
from mpesa.statements import NotAStatement
from mpesa.statements.grids import MOST_BYTES


class Command(BaseCommand):
    help = "Bring an M-Pesa statement (CSV, XLSX, XLS) into the books and match its days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="as Safaricom's portal named it")
        parser.add_argument("--till", required=True, help="the number that customers type")
        parser.add_argument("--by", metavar="USERNAME", help="who answers for it")
        parser.add_argument("--preview", action="store_true", help="say what would happen")

    def handle(self, *args: object, **options: Any) -> None:
        till = Till.objects.select_related("business").filter(number=options["till"]).first()
        if till is None:
            raise CommandError(f"There is no till {options['till']}.")
        by = None
        if options["by"]:
            by = User.objects.filter(username=options["by"], is_active=True).first()
            if by is None:
                raise CommandError(f"Nobody signs in as {options['by']}.")
        path = Path(options["file"])
        try:
            found = upload(
                till=till, name=path.name, content=_content(path), by=by, now=timezone.now()
            )
            was_done = found.state == UploadState.DONE
            self._say(preview_of(found))
            if options["preview"]:
                return
            if not was_done:
                confirm(upload_id=found.pk, by=by)
                found = bring_in(upload_id=found.pk, tick=self._tick, now=timezone.now())
        except (NotAStatement, NotAllowed) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("It was brought in before." if was_done else "Brought in.")
        self._compare(found)

    def _say(self, preview: Preview) -> None:
        self.stdout.write(f"{preview.rows} rows, {preview.without_effect} of them without effect")
        for words, count in preview.lines:
            self.stdout.write(f"{words}: {count.rows}, KES {format_shillings(count.cents)}")
        for one in preview.conflicts + preview.others_in:
            self.stdout.write(
                f"Look at {one.receipt}, {one.type}, KES {format_shillings(one.cents)}:"
                f" {one.sentence or 'not posted by itself.'}"
            )
        for warning in preview.warnings:
            self.stdout.write(f"Warning: {warning}")

    def _tick(self, done: int, total: int) -> None:
        self.stdout.write(f"{done} of {total} rows")

    def _compare(self, found: StatementUpload) -> None:
        """Print how the days of the file stand. Raises CommandError where one differs."""
        if not (found.first_day and found.last_day):
            self.stdout.write("The file covers no whole day: nothing is tied off.")
            return
        matches = days_of(till=found.till, first=found.first_day, last=found.last_day)
        for match in matches:
            self.stdout.write(f"{match.day}: {match.both} payments agree, {_standing(match)}")
        differing = [match for match in matches if match.differences]
        if differing:
            raise CommandError(
                "Statement and books differ. "
                + " ".join(f"{match.day}: {_named(match)}." for match in differing)
            )


def _content(path: Path) -> bytes:
    """Return a file's bytes. Raises CommandError where it cannot be read or is too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandError("The file is larger than 20 MB. Download a shorter period.")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}.") from error


def _standing(match: DayMatch) -> str:
    if match.agrees:
        return "tied off"
    return match.sentence or "not covered whole"


def _named(match: DayMatch) -> str:
    receipts: list[tuple[str, list[str]]] = [
        ("only in the statement", [row.receipt for row in match.only_statement]),
        ("only in our books", [payment.receipt for payment in match.only_us]),
        ("differing", [one.row.receipt for one in match.differing]),
        ("reversal not taken", [row.receipt for row in match.untaken]),
    ]
    return "; ".join(f"{words} {', '.join(found)}" for words, found in receipts if found)
