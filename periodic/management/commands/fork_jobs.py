"""The process that a worker starts beside itself to fork one process per job; not for people."""

import os
import stat
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from periodic.workshop import nursery


class Command(BaseCommand):
    help = "Started by `consume work`: forks a process for each job. Not to be run by hand."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: Any) -> None:
        if not stat.S_ISSOCK(os.fstat(0).st_mode):
            raise CommandError("`consume work` starts this by itself; there is nothing to do here.")
        nursery.serve_standard_input()
