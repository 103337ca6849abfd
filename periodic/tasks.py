"""Every bell and every crontab, on one page. Each calls actions of lower floors and no more.

A bell says only that something waits: running it twice, at once or not at all does no harm,
because the sweep rings again for rows that nobody finished.
"""

import logging
import threading
from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils import timezone
from huey import crontab

from huey_config import payments, work
from mpesa import queries as rail
from mpesa.actions.inbound import understand
from mpesa.actions.intake import bring_in
from mpesa.actions.requests import ask, expire_requests, query
from periodic import monitor
from periodic.actions import send_mails, write_day_mails
from periodic.queues import bell, every
from shops.actions import match_payment
from shops.queries import payments_to_match

log = logging.getLogger(__name__)

# Safaricom may take its time to answer; two threads wait for it, the others understand callbacks.
MOST_ASKING = 2
_asking = threading.BoundedSemaphore(MOST_ASKING)


def _each(what: str, ids: Iterable[int], act: Callable[[int], object]) -> None:
    """Do `act` for each id; one that fails is logged, stays as it was, and holds up no other."""
    for row_id in ids:
        try:
            act(row_id)
        except Exception:
            log.exception("%s %s failed; the sweep will try it again", what, row_id)


@bell(payments, priority=10)
def take_in() -> None:
    """Understand every message that waits, then settle the sales that were paid.

    Those that wait in the spool come first: they are older.
    """
    try:
        bring_in()
    except Exception:
        log.exception("the spool cannot be brought in; the sweep will try it again")
    last = 0
    while ids := rail.waiting_messages(after=last):
        _each("message", ids, lambda pk: understand(message_id=pk, now=timezone.now()))
        last = ids[-1]
    _match_all()


def _match_all() -> None:
    ids = list(payments_to_match().values_list("pk", flat=True))
    _each("payment", ids, lambda pk: match_payment(payment_id=pk, now=timezone.now()))


@bell(payments)
def ask_phones() -> None:
    """Send every request that waits, and ask about those that are due."""
    while rail.requests_to_ask() or rail.requests_to_query(timezone.now()):
        if not _asking.acquire(blocking=False):
            return  # those who hold the places look again before they leave
        try:
            found = _ask_once()
        finally:
            _asking.release()
        if not found:
            return


def _ask_once() -> bool:
    """Ask and query what is due now; False where every row was another worker's or failed."""
    done: list[object] = []

    def ask_all() -> None:
        _each(
            "request",
            rail.requests_to_ask(),
            lambda pk: done.append(ask(request_id=pk, now=timezone.now())),
        )

    ask_all()
    for due in rail.requests_to_query(timezone.now()):
        _each("request", [due], lambda pk: done.append(query(request_id=pk, now=timezone.now())))
        # Somebody at a counter waits for a prompt, nobody for the answer to a query.
        ask_all()
    return any(state is not None for state in done)


@every(payments, crontab(minute="*"))
def sweep() -> None:
    """Finish what no bell announced: a killed worker, a lost queue, a press that nobody heard."""
    expire_requests(now=timezone.now())
    take_in.call_local()
    ask_phones.call_local()


@every(work, crontab(minute="*"))
def mail() -> None:
    """Write and send the mails about days that were closed and books that were unlocked."""
    if settings.MAIL_IS_CONFIGURED:
        write_day_mails(now=timezone.now())
        send_mails(now=timezone.now())


@every(work, crontab(minute="7"))
def forget_old_task_records() -> None:
    """Keep the monitor's history short: it has no retention of its own."""
    monitor.forget_old(now=timezone.now())
