"""Verify the books as the schedule does: exit 0, or 1 with every finding."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.models import Business
from periodic.actions.audit import sentence_of, verify_audit_trail


class Command(BaseCommand):
    help = "Recompute the books from their lines; exit 1 where one was altered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="this book only")
        parser.add_argument(
            "--alert-on-tampering", action="store_true", help="mail the owners what was found"
        )

    def handle(self, *args: object, **options: Any) -> None:
        business = None
        if slug := options["business"]:
            business = Business.objects.filter(slug=slug).first()
            if business is None:
                raise CommandError(f"There is no business {slug}.")
        report = verify_audit_trail(
            now=timezone.now(), business=business, is_alerting=options["alert_on_tampering"]
        )
        for finding in report.findings:
            self.stdout.write(sentence_of(finding))
        if not report.is_ok:
            raise CommandError(f"{len(report.findings)} found. Nothing was changed by this.")
        self.stdout.write(f"ok: {report.entries:,} entries, {report.lines:,} lines")
