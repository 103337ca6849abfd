"""Verify the books: exit 0 and "ok", or exit 1 naming the first bad entry of each book."""

import json
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError, connection

from money.verification import Report, verify_books


class Command(BaseCommand):
    help = "Recompute chain, balances, numbers and movements of every book from its lines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument(
            "--against",
            metavar="HASH",
            action="append",
            default=[],
            type=_hash,
            help="a hash that left the machine: a chain must still contain it (may be repeated)",
        )

    def handle(self, *args: object, **options: Any) -> None:
        show = self.stderr.isatty()
        try:
            report = verify_books(
                lambda done: self._progress(done) if show else None, against=options["against"]
            )
        except (OperationalError, ProgrammingError) as error:
            # Where there are tables, it is another trouble, and the developer's.
            if "money_business" in connection.introspection.table_names():
                raise
            raise CommandError(
                "There are no books in this database. Are VAR and DATABASE_URL those of the shop?"
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), indent=2))
        else:
            self._print(report)
        if not report.is_ok:
            sys.exit(1)

    def _progress(self, done: int) -> None:
        self.stderr.write(f"\r{done:,} entries", ending="")

    def _print(self, report: Report) -> None:
        for finding in report.findings:
            place = (
                f"{finding.business} entry {finding.number}" if finding.number else finding.business
            )
            self.stdout.write(f"{place or 'database'}: {finding.what}")
        for anchor, place in report.anchors.items():
            self.stdout.write(f"{anchor} is {place}")
        if report.is_ok:
            self.stdout.write(f"ok: {report.entries:,} entries, {report.lines:,} lines")


def _as_json(report: Report) -> dict[str, object]:
    return {
        "ok": report.is_ok,
        "entries": report.entries,
        "lines": report.lines,
        "heads": report.heads,
        "anchors": report.anchors,
        "findings": [finding._asdict() for finding in report.findings],
    }


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text.strip().lower()):
        raise ArgumentTypeError("a hash is 64 letters and digits, 0-9 and a-f")
    return text.strip().lower()
