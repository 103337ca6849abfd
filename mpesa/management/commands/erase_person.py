"""Erase a customer's personal data on request: exit 0 and counts, or 1 with a sentence."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.models import User
from mpesa.actions.erasure import NotAllowed, NotYet, erase_person
from mpesa.phones import NotAPhone


class Command(BaseCommand):
    help = "Erase what the rail knows of a phone; the books hold nothing of it and stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--phone", required=True, help="as people type it: 0712345678")
        parser.add_argument(
            "--by", required=True, metavar="USERNAME", help="who answers for it: an owner"
        )
        parser.add_argument(
            "--quarantined-too",
            action="store_true",
            help="erase messages in quarantine as well, after looking at them",
        )

    def handle(self, *args: object, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody signs in as {options['by']}.")
        try:
            erased = erase_person(
                phone=options["phone"],
                by=by,
                now=timezone.now(),
                quarantined_too=options["quarantined_too"],
            )
        except (NotAPhone, NotAllowed, NotYet) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            "Nothing is known of this phone."
            if erased.is_nothing
            else f"Erased: {erased.requests} payment requests, {erased.messages} messages,"
            f" {erased.strays} strays."
        )
