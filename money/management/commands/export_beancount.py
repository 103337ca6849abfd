"""Write a book as a beancount file: exit 0, or 1 with a sentence where there is no such book."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from money.beancount import write_book
from money.models import Business


class Command(BaseCommand):
    help = "Write the book of a business for beancount 3, whose bean-check then adds it up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", required=True)
        parser.add_argument("--out", metavar="FILE", type=Path, help="instead of standard output")

    def handle(self, *args: object, **options: Any) -> None:
        slug = options["business"]
        business = Business.objects.filter(slug=slug).first()
        if business is None:
            there = ", ".join(Business.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no business {slug!r}. There are: {there or 'none yet'}.")
        if options["out"] is None:
            for line in write_book(business):
                self.stdout.write(line, ending="")
            return
        try:
            _write(options["out"], write_book(business))
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error


def _write(out: Path, lines: Iterable[str]) -> None:
    """Write `out` whole or not at all: half a book would look like one with less in it."""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
