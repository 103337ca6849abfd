"""What a schedule does, done here and now by a command: the same function, and an exit code."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from money.models import Business
from periodic.actions.schedules import parameters_of
from periodic.kinds_of_schedules import KINDS, NO_MAIL
from periodic.models import Schedule


class ByHand(BaseCommand):
    """A command for one kind of job; exit 1 where it failed for a business."""

    kind: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        if KINDS[self.kind].is_per_business:
            parser.add_argument("--business", metavar="SLUG", help="this one; else all of them")

    def handle(self, *args: object, **options: Any) -> None:
        kind, businesses = KINDS[self.kind], [None]
        if kind.is_per_business:
            businesses = businesses_named(options["business"])
        run(self, Schedule(kind=self.kind, is_per_business=kind.is_per_business), businesses)


def businesses_named(slug: str | None) -> list[Any]:
    """Return the business of that slug, or all of them. Raises CommandError."""
    found = list(Business.objects.filter(slug=slug) if slug else Business.objects.order_by("slug"))
    if slug and not found:
        raise CommandError(f"There is no business {slug}.")
    return found


def run(command: BaseCommand, schedule: Schedule, businesses: Iterable[Business | None]) -> None:
    """Do the work for each of `businesses` and print what came of it; None is all together.

    Raises CommandError after the last one, where any failed.
    """
    kind, now, failed = KINDS[schedule.kind], timezone.now(), []
    if kind.needs_mail and not settings.MAIL_IS_CONFIGURED:
        raise CommandError(NO_MAIL)
    for business in businesses:
        place = f"{business.slug}: " if business else ""
        told = parameters_of(schedule, business, now)
        try:
            command.stdout.write(f"{place}{kind.work(told, _no_tick, now)}")
        except Exception as error:  # noqa: BLE001 the next business does not wait for this one
            failed.append(f"{place}{error or type(error).__name__}")
    if failed:
        raise CommandError("\n".join(failed))


def _no_tick(done: int, total: int) -> None:
    """Show nothing: the sentence comes at the end."""
