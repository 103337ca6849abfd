"""Load the demo businesses; safe to run again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from erp import demo_month
from erp.demo import BOOKKEEPER, CASHIER, OWNER, PASSWORD, load_demo
from erp.demo_drawers import open_drawers
from erp.demo_year import load_year
from money.models import Business, User
from shops.actions.movers import learn_fast_movers


class Command(BaseCommand):
    help = "Load one owner, her staff, three businesses with tills, products and a year of books."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            choices=range(1, demo_month.DAYS + 1),
            default=demo_month.DAYS,
            metavar="N",
            help="how many days the shop trades sale by sale, 1 to %(default)s (%(default)s)",
        )

    def handle(self, *args: object, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's passwords are public: it is not loaded in production.")
        load_demo()
        bookkeeper = User.objects.get(username=BOOKKEEPER)
        now = timezone.now()
        load_year(now=now, bookkeeper=bookkeeper, days=options["days"])
        open_drawers(now=now)
        for business in Business.objects.order_by("pk"):
            learn_fast_movers(business=business, day=timezone.localdate(now))
        self.stdout.write(f"demo: sign in as {OWNER} or {CASHIER}, password {PASSWORD}")
