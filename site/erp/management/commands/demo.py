"""Load the demo businesses; safe to run again."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from erp.demo import CASHIER, OWNER, PASSWORD, load_demo


class Command(BaseCommand):
    help = "Load one owner, her staff, three businesses with tills and products."

    def handle(self, *args: object, **options: object) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's passwords are public: it is not loaded in production.")
        load_demo()
        self.stdout.write(f"demo: sign in as {OWNER} or {CASHIER}, password {PASSWORD}")
