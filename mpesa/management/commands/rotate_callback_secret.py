"""Give a till new callback addresses: exit 0, or 1 with a sentence."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.models import User
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.tills import NotNow, finish_rotation, rotate_secret
from mpesa.models import Till


class Command(BaseCommand):
    help = "Give a till a new callback secret; both are valid until --finish ends the old one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--till", required=True, help="the number that customers type")
        parser.add_argument(
            "--by", required=True, metavar="USERNAME", help="who answers for it: an owner"
        )
        parser.add_argument("--finish", action="store_true", help="end the old secret")

    def handle(self, *args: object, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody signs in as {options['by']}.")
        till = Till.objects.filter(number=options["till"]).first()
        if till is None:
            raise CommandError(f"There is no till {options['till']}.")
        try:
            if options["finish"]:
                finish_rotation(till_id=till.pk, by=by)
            else:
                rotate_secret(till_id=till.pk, by=by, now=timezone.now())
        except (NotAllowed, NotNow) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            "The old addresses are strangers' now."
            if options["finish"]
            else "Old and new addresses are valid. Register the new ones (callback_urls), then run"
            " this with --finish."
        )
