"""Verify the books: exit 0 and "ok", or exit 1 naming the first bad entry of each book."""

import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from money.verification import Report, verify_books


class Command(BaseCommand):
    help = "Recompute chain, balances, numbers and movements of every book from its lines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: object, **options: object) -> None:
        show = self.stderr.isatty()
        report = verify_books(lambda done: self._progress(done) if show else None)
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
        if report.is_ok:
            self.stdout.write(f"ok: {report.entries:,} entries, {report.lines:,} lines")


def _as_json(report: Report) -> dict[str, object]:
    return {
        "ok": report.is_ok,
        "entries": report.entries,
        "lines": report.lines,
        "heads": report.heads,
        "findings": [finding._asdict() for finding in report.findings],
    }
