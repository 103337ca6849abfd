"""The web server: `python manage.py serve --listen 127.0.0.1:8000`."""

import logging
import signal
import sys
from argparse import ArgumentParser
from typing import Any

import waitress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from erp.checks import two_database_roles
from erp.listening import BadAddress, is_free, parse_address
from money import triggers

MOST_BODY_BYTES = 2 * 1024 * 1024


class Command(BaseCommand):
    help = "Serve the whole product over HTTP with waitress, until SIGTERM or SIGINT."
    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", default=f"127.0.0.1:{settings.PORT}", metavar="HOST:PORT")
        parser.add_argument("--threads", type=int, default=8, help="request threads (default 8)")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            host, port = parse_address(options["listen"])
        except BadAddress as error:
            raise CommandError(str(error)) from error
        if not is_free(host, port):
            raise CommandError(f"Port {port} is taken. Stop what runs there, or set PORT.")
        try:
            triggers.require()
        except triggers.NotGuarded as error:
            raise CommandError(str(error)) from error
        for warning in two_database_roles(None, ["default"]):
            logging.getLogger(__name__).warning("%s %s", warning.msg, warning.hint)
        from erp.wsgi import application  # noqa: PLC0415 starts the ringer thread

        # A process manager says TERM; leave as on Ctrl-C, finishing what is under way.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        logging.getLogger(__name__).info("listening on http://%s:%s", host, port)
        waitress.serve(
            application,
            host=host,
            port=port,
            threads=options["threads"],
            ident="duka",
            max_request_body_size=MOST_BODY_BYTES,
            channel_timeout=30,
            clear_untrusted_proxy_headers=not settings.PRODUCTION,
        )
