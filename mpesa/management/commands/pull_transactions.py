"""Ask Safaricom's pull what it knows of a till."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mpesa.actions.nets import pull_recent
from mpesa.models import PullVerdict, Till

MOST_HOURS = 48


class Command(BaseCommand):
    help = "Ask what was paid to a till in the last hours, and record what we did not know."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--till", help="its number; all tills where none is given")
        parser.add_argument("--hours", type=int, default=2, help="at most 48")

    def handle(self, *args: object, **options: Any) -> None:
        if not 1 <= options["hours"] <= MOST_HOURS:
            raise CommandError("The pull goes back 1 to 48 hours.")
        tills = Till.objects.select_related("business").order_by("number")
        if options["till"]:
            tills = tills.filter(number=options["till"])
        if not tills:
            raise CommandError("There is no such till.")
        runs = [
            pull_recent(till=till, hours=options["hours"], now=timezone.now()) for till in tills
        ]
        for run in runs:
            self.stdout.write(
                f"{run.till.number}: {run.get_verdict_display()}, {run.rows} rows, {run.new} new"
                f"{f'. {run.note}' if run.note else ''}"
            )
        if any(run.verdict == PullVerdict.FAILED for run in runs):
            raise CommandError("Safaricom did not answer for every till.")
