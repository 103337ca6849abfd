"""On a laptop: tell the simulated M-Pesa of our tills, and register their addresses there."""

import time
from argparse import ArgumentParser
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mpesa.actions.registration import register_addresses
from mpesa.credentials import MissingCredentials
from mpesa.daraja import Ambiguous, Refused
from mpesa.models import Till

PAUSE_SECONDS = 0.3


class Command(BaseCommand):
    help = "Make our tills known to the simulator, so that they can be paid from a phone's menu."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wait", type=int, default=30, help="seconds for it to come up")

    def handle(self, *args: object, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Only the simulator is told of tills. Use register_urls.")
        self._wait(options["wait"])
        for till in Till.objects.select_related("business").order_by("number"):
            outlet = {
                "shortcode": till.shortcode,
                "tills": [till.number] if till.number != till.shortcode else [],
                "name": till.business.name.upper(),
            }
            try:
                self._post(outlet)
                register_addresses(
                    till=till, version="v2", response_type="Completed", now=timezone.now()
                )
            except (httpx.HTTPError, Refused, Ambiguous, MissingCredentials) as problem:
                raise CommandError(f"{till} could not be introduced: {problem}") from problem

    def _wait(self, seconds: int) -> None:
        give_up_at = time.monotonic() + seconds
        while True:
            try:
                httpx.get(f"{settings.DARAJA_URL}/sim/alive", timeout=5, trust_env=False)
            except httpx.HTTPError as problem:
                if time.monotonic() > give_up_at:
                    raise CommandError("The simulator does not answer.") from problem
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _post(self, outlet: dict[str, Any]) -> None:
        answer = httpx.post(
            f"{settings.DARAJA_URL}/sim/outlets", json=outlet, timeout=5, trust_env=False
        )
        answer.raise_for_status()
