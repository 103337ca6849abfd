"""Erase customers' personal data on request: exit 0 and counts, or 1 with a sentence.

Each phone is erased in a transaction of its own: one that is refused leaves the others erased.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.models import User
from mpesa.actions.erasure import NotAllowed, NotYet, erase_person
from mpesa.masking import mask_phone
from mpesa.phones import NotAPhone


class Command(BaseCommand):
    help = "Erase what the rail knows of a phone; the books hold nothing of it and stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--phone",
            required=True,
            action="append",
            help="as people type it: 0712345678; may be given several times",
        )
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
        phones: list[str] = options["phone"]
        refusals = []
        for phone in phones:
            whose = f"{mask_phone(phone)}: " if len(phones) > 1 else ""
            try:
                sentence = self._erase(phone, by, quarantined_too=options["quarantined_too"])
            except (NotAPhone, NotAllowed, NotYet) as refusal:
                refusals.append(f"{whose}{refusal}")
            else:
                self.stdout.write(f"{whose}{sentence}")
        if refusals:
            raise CommandError("\n".join(refusals))

    def _erase(self, phone: str, by: User, *, quarantined_too: bool) -> str:
        erased = erase_person(
            phone=phone, by=by, now=timezone.now(), quarantined_too=quarantined_too
        )
        if erased.is_nothing:
            return "Nothing is known of this phone."
        return (
            f"Erased: {erased.requests} payment requests, {erased.messages} messages,"
            f" {erased.strays} strays, {erased.payers} payers, {erased.uploads} statements,"
            f" {erased.others} customers."
        )
