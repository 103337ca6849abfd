"""Prove that the newest backup restores: exit 0, or 1 with what is wrong."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from periodic.actions.drills import drill
from periodic.safekeeping.refusals import Refused


class Command(BaseCommand):
    help = "Restore the newest backup of each place into a scratch database and examine it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the results as JSON")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            results = drill(now=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            facts = [
                {"place": one.place, "backup": one.backup, "ok": one.is_ok, "what": one.sentence}
                for one in results
            ]
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            for one in results:
                word = "ok" if one.is_ok else "FAILED"
                place = one.get_place_display()
                self.stdout.write(f"{word}: {place}, {one.backup or 'no backup'}: {one.sentence}")
        if not all(one.is_ok for one in results):
            sys.exit(1)
