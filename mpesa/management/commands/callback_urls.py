"""Print the addresses to register at Safaricom, per till and kind of message."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mpesa.addresses import KINDS, callback_url, refused_words
from mpesa.models import Till


class Command(BaseCommand):
    help = "Print the callback addresses of every till. They are secrets: show them to nobody else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of objects, for programs")

    def handle(self, *args: object, **options: Any) -> None:
        rows = [
            {
                "business": till.business.slug,
                "till": till.number,
                "kind": kind.name,
                "url": callback_url(till, kind),
            }
            for till in Till.objects.select_related("business").order_by("number")
            for kind in KINDS
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
        else:
            for row in rows:
                self.stdout.write("{business}  {till}  {kind:<16}  {url}".format(**row))
        for row in rows:
            if words := refused_words(row["url"]):
                self.stderr.write(
                    f"{row['till']} {row['kind']}: Safaricom refuses an address with {words[0]!r}"
                    " in it. Change PUBLIC_URL."
                )
