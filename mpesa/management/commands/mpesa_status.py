"""Print where the rail stands, in counts and sums; exit 1 where inbox and account differ."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from money.snapshot import snapshot
from mpesa.queries import Status, status_of_rail


class Command(BaseCommand):
    help = "Print counts and sums of callbacks, payments, inbox and requests; amounts in cents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one object, for programs")

    def handle(self, *args: object, **options: Any) -> None:
        with snapshot():
            status = status_of_rail()
        if options["json"]:
            self.stdout.write(json.dumps(status, indent=2))
        else:
            self._write(status)
        if untied := [slug for slug, row in status["businesses"].items() if not row["ties"]]:
            raise CommandError(f"Inbox and account differ: {', '.join(untied)}. Run verify_books.")

    def _write(self, status: Status) -> None:
        for name in ("callbacks", "payments", "requests"):
            words = ", ".join(f"{key} {value}" for key, value in status[name].items())
            self.stdout.write(f"{name}: {words}")
        for slug, row in status["businesses"].items():
            self.stdout.write(
                f"{slug}: inbox {row['inbox_cents']}, account {row['account_cents']} cents"
            )
        self.stdout.write(f"all: inbox {status['inbox_cents']}, account {status['account_cents']}")
