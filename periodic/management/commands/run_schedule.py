"""Run what a schedule does, here and now; exit 1 where a part of it failed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from periodic.actions.schedules import businesses_of
from periodic.kinds_of_schedules import KINDS
from periodic.management.by_hand import run
from periodic.models import Schedule


class Command(BaseCommand):
    help = "Run a schedule by its name, whether it is on or off; its due times stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="as the list shows it, which comes without one")

    def handle(self, *args: object, **options: Any) -> None:
        if not options["name"]:
            self._list()
            return
        schedule = Schedule.objects.select_related("business").filter(name=options["name"]).first()
        if schedule is None:
            raise CommandError(
                f"There is no schedule {options['name']}. run_schedule without a name lists them."
            )
        if schedule.kind not in KINDS:
            raise CommandError(f"Nothing here does {schedule.kind}: ask for it in the admin.")
        run(self, schedule, businesses_of(schedule))

    def _list(self) -> None:
        for one in Schedule.objects.select_related("business").order_by("name"):
            state = one.words if one.is_on else "off"
            whose = f", {one.business.slug}" if one.business else ""
            self.stdout.write(f"{one.name}: {state}{whose}")
