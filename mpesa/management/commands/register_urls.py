"""Register a till's addresses at Safaricom."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mpesa.actions.registration import NotRegistrable, register_addresses, register_pull
from mpesa.credentials import MissingCredentials
from mpesa.daraja import Ambiguous, Refused
from mpesa.models import Till
from mpesa.phones import NotAPhone, parse_phone


class Command(BaseCommand):
    help = "Tell Safaricom where a till's payments are announced, and switch on its pull."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--till", required=True, help="its number, as customers type it")
        parser.add_argument("--api", choices=["v1", "v2"], default="v2", help="of registerurl")
        parser.add_argument(
            "--silence",
            choices=["Completed", "Cancelled"],
            default="Completed",
            help="what becomes of a payment while our validation does not answer",
        )
        parser.add_argument("--pull-phone", default="", help="the organisation's own number")

    def handle(self, *args: object, **options: Any) -> None:
        now = timezone.now()
        till = Till.objects.filter(number=options["till"]).first()
        if till is None:
            raise CommandError(f"There is no till {options['till']}.")
        try:
            done = register_addresses(
                till=till, version=options["api"], response_type=options["silence"], now=now
            )
            self.stdout.write("registered" if done.is_new else f"registered before: {done.text}")
            if options["pull_phone"]:
                phone = parse_phone(options["pull_phone"])
                pulled = register_pull(till=till, nominated_number=phone, now=now)
                self.stdout.write("pull: on" if pulled.is_new else "pull: it was on before")
        except (NotRegistrable, MissingCredentials, NotAPhone) as problem:
            raise CommandError(str(problem)) from problem
        except (Refused, Ambiguous) as problem:
            raise CommandError(f"Safaricom did not register it: {problem}") from problem
