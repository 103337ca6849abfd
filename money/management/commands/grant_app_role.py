"""Give the application's role what it needs: exit 0, or 1 with a sentence where it cannot be."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from money import roles


class Command(BaseCommand):
    help = "As the owner, after migrate: let ROLE run the application without power over triggers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", metavar="ROLE", help="the role in the processes' DATABASE_URL")
        parser.add_argument(
            "--print", action="store_true", dest="only_print", help="print the SQL, run nothing"
        )

    def handle(self, *args: object, **options: Any) -> None:
        role, only_print = options["role"], options["only_print"]
        try:
            statements = roles.plan(role=role) if only_print else roles.grant_app_role(role=role)
        except roles.NotSeparate as refusal:
            raise CommandError(str(refusal)) from refusal
        if only_print:
            self.stdout.write("".join(f"{statement};\n" for statement in statements), ending="")
        else:
            self.stdout.write(f"{role} may run the application; the triggers are out of its reach.")
