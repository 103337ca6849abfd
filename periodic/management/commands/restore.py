"""Bring a dead shop back from a backup: exit 0, or 1 with a sentence and nothing changed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from periodic.actions import keys
from periodic.actions.restores import Wishes, restore
from periodic.safekeeping.refusals import Refused


class Command(BaseCommand):
    help = "Restore FILE into the empty database that VAR or DATABASE_URL names."
    # A check would ask a database that is not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--into",
            default="",
            metavar="FOLDER-OR-URL",
            help="another VAR, or postgres://user@host/name without a password",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="open and check the file, say what would happen"
        )
        parser.add_argument(
            "--replace", action="store_true", help="put a living shop aside; stop it first"
        )
        parser.add_argument(
            "--despite-findings",
            action="store_true",
            help="take a copy whose books do not verify",
        )

    def handle(self, *args: object, **options: Any) -> None:
        wishes = Wishes(
            replace=options["replace"],
            dry_run=options["dry_run"],
            despite_findings=options["despite_findings"],
        )
        connections.close_all()
        try:
            restore(
                file=options["file"],
                target=keys.target_of(options["into"]),
                wishes=wishes,
                now=timezone.now(),
                say=self.stdout.write,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
