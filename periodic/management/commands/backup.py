"""Make a backup: exit 0, or 1 with a sentence where there is none, or no copy elsewhere."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from periodic.actions.backups import Outcome, back_up
from periodic.safekeeping.refusals import Refused


class Command(BaseCommand):
    help = (
        "Seal database and spool into VAR/backups, copy it to BACKUP_COPY_TO, remove what is old."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            outcome = back_up(now=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(outcome), indent=2))
        else:
            self._print(outcome)
        if outcome.trouble:
            sys.exit(1)

    def _print(self, outcome: Outcome) -> None:
        backup = outcome.backup
        self.stdout.write(f"{backup.name}: {backup.bytes:,} bytes, sha256 {backup.sha256}")
        for name in outcome.copied:
            self.stdout.write(f"copied to the second place: {name}")
        for name in outcome.removed:
            self.stdout.write(f"removed, as old enough: {name}")
        if outcome.trouble:
            self.stderr.write(f"{outcome.trouble} The next run tries again.")


def _as_json(outcome: Outcome) -> dict[str, object]:
    backup = outcome.backup
    return {
        "name": backup.name,
        "taken_at": backup.taken_at.isoformat(),
        "bytes": backup.bytes,
        "sha256": backup.sha256,
        "copied": outcome.copied,
        "removed": outcome.removed,
        "trouble": outcome.trouble,
    }
