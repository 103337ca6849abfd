"""For `restore` and `restore_drill` alone: migrate a copy, examine it, print what was found."""

import json
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from periodic.actions.copies import IS_COPY, examine
from periodic.safekeeping.figures import Figures
from periodic.safekeeping.refusals import Refused


class Command(BaseCommand):
    help = "Part of `restore` and `restore_drill`, which run it on a copy; not for people."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: Any) -> None:
        if os.environ.get(IS_COPY) != "yes":
            raise CommandError("This is a part of `restore` and `restore_drill`. Use those.")
        wanted = Figures(**json.load(sys.stdin))
        try:
            self.stdout.write(json.dumps(examine(wanted)))
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
