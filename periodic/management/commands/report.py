"""Write a statement into a file: exit 0; 3 where something in it does not tie; 1 with a sentence.

2 is argparse's own, for a line that cannot be read.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.actions.transfers import related_to
from money.forms.days import BadDay, read_day
from money.models import Business
from money.report import BadPeriod, Period
from periodic.paper.formats import FORMATS, TooLong, write
from periodic.paper.imprint import Imprint
from periodic.statements import TITLES, Asked, NotThatStatement, read

EVERYTHING = "all"
DOES_NOT_TIE = 3


class Command(BaseCommand):
    help = "Write a statement of one business or of all as PDF, workbook, CSV or JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(TITLES), metavar="NAME", help=", ".join(TITLES))
        parser.add_argument("--business", metavar="SLUG", required=True, help="or: all")
        parser.add_argument("--from", metavar="DAY", required=True, dest="from_text")
        parser.add_argument("--to", metavar="DAY", required=True, dest="to_text")
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--out", metavar="FILE", type=Path, required=True)
        parser.add_argument(
            "--account",
            metavar="CODE",
            action="append",
            default=[],
            help="of an account statement; may be repeated",
        )
        parser.add_argument("--beside", action="store_true", help="the period before as well")

    def handle(self, *args: object, **options: Any) -> None:
        businesses = _businesses(options["business"])
        try:
            asked = Asked(
                name=options["name"],
                businesses=businesses,
                period=Period(
                    read_day(options["from_text"], "day after --from"),
                    read_day(options["to_text"], "day after --to"),
                ),
                codes=options["account"],
                beside=options["beside"],
                is_everything=_is_everything(businesses),
            )
            report, heads = read(asked)
        except (BadDay, BadPeriod, NotThatStatement) as refusal:
            raise CommandError(str(refusal)) from refusal
        try:
            write(options["format"], report, options["out"], Imprint(timezone.now(), heads))
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error.strerror}.") from error
        except TooLong as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{report.title}, {report.period}: {len(report.rows):,} rows.")
        if report.warnings:
            self.stderr.write("\n".join(report.warnings))
            sys.exit(DOES_NOT_TIE)


def _businesses(slug: str) -> list[Business]:
    """Return the businesses meant, by name. Raises CommandError where there is none."""
    there = list(Business.objects.select_related("tax_person").order_by("name"))
    found = there if slug == EVERYTHING else [one for one in there if one.slug == slug]
    if not found:
        slugs = ", ".join(sorted(one.slug for one in there)) or "none yet"
        raise CommandError(f"There is no business {slug!r}. There are: {slugs}.")
    return found


def _is_everything(businesses: list[Business]) -> bool:
    """Tell whether these are all that could owe each other: what they owe cancels out then."""
    ids = {business.pk for business in businesses}
    return (
        ids == set(Business.objects.values_list("pk", flat=True)) and related_to(businesses) == ids
    )
