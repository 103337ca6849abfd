"""Load the demo businesses; safe to run again."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from erp.demo import BOOKKEEPER, CASHIER, OWNER, PASSWORD, load_demo
from erp.demo_year import load_year
from money.models import User


class Command(BaseCommand):
    help = "Load one owner, her staff, three businesses with tills, products and a year of books."

    def handle(self, *args: object, **options: object) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's passwords are public: it is not loaded in production.")
        load_demo()
        bookkeeper = User.objects.get(username=BOOKKEEPER)
        load_year(now=timezone.now(), bookkeeper=bookkeeper)
        self.stdout.write(f"demo: sign in as {OWNER} or {CASHIER}, password {PASSWORD}")
