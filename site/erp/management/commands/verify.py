"""Run every check of every floor: exit 0 and "ok", or exit 1 naming what does not tie."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from periodic.actions.audit import sentence_of
from periodic.verification import Outcome, verify_everything


class Command(BaseCommand):
    help = "Verify the books, and that inbox and sales equal their accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: object, **options: Any) -> None:
        if "shops_sale" not in connection.introspection.table_names():
            raise CommandError(
                "There is no shop in this database. Are VAR and DATABASE_URL those of the shop?"
            )
        outcomes = verify_everything()
        is_ok = not any(outcome.findings for outcome in outcomes)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(outcomes, is_ok=is_ok), indent=2))
        else:
            self._print(outcomes, is_ok=is_ok)
        if not is_ok:
            sys.exit(1)

    def _print(self, outcomes: list[Outcome], *, is_ok: bool) -> None:
        for outcome in outcomes:
            for finding in outcome.findings:
                self.stdout.write(f"{outcome.check}: {sentence_of(finding)}")
        if is_ok:
            self.stdout.write(f"ok: {', '.join(outcome.check for outcome in outcomes)}")


def _as_json(outcomes: list[Outcome], *, is_ok: bool) -> dict[str, object]:
    return {
        "ok": is_ok,
        "checks": {
            outcome.check: [finding._asdict() for finding in outcome.findings]
            for outcome in outcomes
        },
    }
