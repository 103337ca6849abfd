"""Every bell and every crontab, on one page. Each calls actions of lower floors and no more.

A bell says only that something waits: running it twice, at once or not at all does no harm,
because the sweep rings again for rows that nobody finished.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone
from huey import crontab

from huey_config import payments, work
from mpesa import queries as rail
from mpesa.actions.erasures import drop_old_phones
from mpesa.actions.inbound import understand
from mpesa.actions.intake import bring_in
from mpesa.actions.nets import ask_about_held
from mpesa.actions.orders import follow_up, orders_to_send, send
from mpesa.actions.quarantine import look_again as look_again_at_messages
from mpesa.actions.requests import ask, expire_requests, query
from mpesa.actions.statements import bring_in as bring_in_statement
from mpesa.actions.statements import note_progress, note_trouble
from mpesa.actions.tying import look_again
from mpesa.models import Till
from mpesa.reconciliation import waiting_uploads
from periodic import monitor
from periodic.actions import alerts
from periodic.actions.mails import send_mails, write_day_mails, write_z_mails
from periodic.actions.retention import expire_results, forget_ended
from periodic.actions.schedules import schedules_on, turn
from periodic.actions.workers import forget_workers
from periodic.models import Schedule
from periodic.queries.workers import roll_call
from periodic.queues import bell, every, leaving
from periodic.workshop.shop import shop
from periodic.workshop.watch import take_back_silent
from shops.actions.settle import match_payment, reopen_sale
from shops.queries.sales import payments_to_match, sales_to_reopen

log = logging.getLogger(__name__)
Id = TypeVar("Id", int, str)

# Safaricom may take its time to answer; two threads wait for it, the others understand callbacks.
MOST_ASKING = 2
# Callbacks that come as fast as they are understood would take every thread of a worker, and no
# prompt would be sent before it is too old: one of the usual four threads is left to the prompts.
MOST_TAKING_IN = 3
TIED_AGAIN_MINUTES = 10
# Between two messages on SQLite; a payment is still booked well within a second.
MOST_REST_SECONDS = 0.05
_asking = threading.BoundedSemaphore(MOST_ASKING)
_taking_in = threading.BoundedSemaphore(MOST_TAKING_IN)
_something_came = threading.Event()
_importing = threading.Lock()


def _each(what: str, ids: Iterable[Id], act: Callable[[Id], object]) -> None:
    """Do `act` for each id; one that fails is logged, stays as it was, and holds up no other.

    A process that is to end begins none: thousands may wait, and who stops it would kill it first.
    """
    for row_id in ids:
        if leaving.is_set():
            return
        try:
            act(row_id)
        except Exception:
            log.exception("%s %s failed; the sweep will try it again", what, row_id)


def _with_a_breath(act: Callable[[Id], object]) -> Callable[[Id], object]:
    """Return `act`, which then leaves SQLite to others for as long as it took itself.

    SQLite has one writer, and who waits for it looks now and then and stands in no line: a worker
    that writes without a pause is hardly ever found at rest, and callbacks beside it wait out their
    second and go to the spool.
    """
    if connection.vendor != "sqlite":
        return act

    def then_rest(row_id: Id) -> None:
        began = time.monotonic()
        try:
            act(row_id)
        finally:
            time.sleep(min(time.monotonic() - began, MOST_REST_SECONDS))

    return then_rest


@bell(payments, priority=10)
def take_in() -> None:
    """Understand every message that waits, then settle the sales that were paid."""
    _something_came.set()
    # Who finds no place has said so before: those who hold them look again as they leave.
    while _something_came.is_set() and _taking_in.acquire(blocking=False):
        try:
            _something_came.clear()
            _take_in_once()
        finally:
            _taking_in.release()


def _take_in_once() -> None:
    """Take in what waits now. What is in the spool comes first: it is older."""
    try:
        bring_in()
    except Exception:
        log.exception("the spool cannot be brought in; the sweep will try it again")
    last = 0
    while ids := rail.waiting_messages(after=last):
        _each(
            "message",
            ids,
            _with_a_breath(lambda pk: understand(message_id=pk, now=timezone.now())),
        )
        last = ids[-1]
    _match_all()


def _match_all() -> None:
    """Open again what lost its money, then settle what was paid; join what came alone first."""
    _each("sale", sales_to_reopen(), lambda ref: reopen_sale(reference=ref, now=timezone.now()))
    alone = rail.payments_to_join(timezone.now()).values_list("pk", flat=True)
    ids = [*alone, *payments_to_match().values_list("pk", flat=True)]
    _each("payment", ids, lambda pk: match_payment(payment_id=pk, now=timezone.now()))


@bell(payments)
def ask_phones() -> None:
    """Send every request that waits, and ask about those that are due."""
    _send_orders()
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


def _send_orders() -> None:
    """Send what is to be asked of Safaricom, or done by it, as an initiator."""
    ids = orders_to_send(timezone.now())
    _each("order", ids, lambda pk: send(order_id=pk, now=timezone.now()))


@every(payments, crontab(minute="*"))
def sweep() -> None:
    """Finish what no bell announced: a killed worker, a lost queue, a press that nobody heard."""
    expire_requests(now=timezone.now())
    follow_up(now=timezone.now())
    ask_about_held(now=timezone.now())
    look_again_at_messages(now=timezone.now())
    take_in.call_local()
    ask_phones.call_local()


@every(payments, crontab(minute="*"))
def ask_for_what_is_due() -> None:
    """Turn schedules that are due into jobs; here, since a worker of reports may be busy for long.

    Every consumer rings it, and one of them finds each due time.
    """
    rows = Schedule.objects.in_bulk(schedules_on())
    new: list[int] = []
    _each("schedule", rows, lambda pk: new.append(turn(schedule=rows[pk], now=timezone.now())))
    if any(new):
        run_jobs()


@bell(work, priority=10)
def bring_in_statements() -> None:
    """Bring in every statement file that waits, one after the other; a person waits for it."""
    if not _importing.acquire(blocking=False):
        return  # who holds it looks again before it leaves
    try:
        tried: set[int] = set()
        while ids := [pk for pk in waiting_uploads() if pk not in tried]:
            _each("statement", ids, _bring_in_one)
            tried.update(ids)
    finally:
        _importing.release()
    if tried:
        take_in()  # what waited for these payments is to be understood


def _bring_in_one(upload_id: int) -> None:
    def tick(done: int, total: int) -> None:
        note_progress(upload_id=upload_id, done=done, total=total)

    try:
        bring_in_statement(upload_id=upload_id, tick=tick, now=timezone.now())
    except Exception:
        note_trouble(upload_id=upload_id, sentence="It stopped half way and is tried again.")
        raise


@every(work, crontab(minute="*"))
def sweep_statements() -> None:
    """Finish the files that no bell announced, and see whether tied days still agree."""
    bring_in_statements.call_local()
    if timezone.localtime(timezone.now()).minute % TIED_AGAIN_MINUTES == 0:
        tills = Till.objects.select_related("business").in_bulk()
        _each("till", tills, lambda pk: look_again(till=tills[pk], now=timezone.now()))


@every(work, crontab(minute="*"))
def mail() -> None:
    """Write and send the mails about days that were closed and books that were unlocked."""
    if settings.MAIL_IS_CONFIGURED:
        write_day_mails(now=timezone.now())
        write_z_mails(now=timezone.now())
        send_mails(now=timezone.now())


@every(work, crontab(minute="*"))
def look_around() -> None:
    """Notice what is wrong and what is well again; `mail` sends what is written of it."""
    _look_around()


@every(payments, crontab(minute="*"))
def look_around_for_work() -> None:
    """Notice it here as well: nobody else would tell of a `work` queue without a worker."""
    _look_around()
    if settings.MAIL_IS_CONFIGURED and "work" in roll_call(timezone.now()).unserved:
        send_mails(now=timezone.now())


def _look_around() -> None:
    now = timezone.now()
    alerts.look_around(now=now)
    monitor.end_orphans(now=now)


@every(work, crontab(minute="7"))
def forget_old_task_records() -> None:
    """Keep the monitor's history short: it has no retention of its own."""
    monitor.forget_old(now=timezone.now())
    forget_workers(now=timezone.now())


@bell(work, priority=5)
def run_jobs() -> None:
    """Run the jobs that are due, each in a process of its own, as long as a place is free."""
    shop.run_due(run_jobs)


@every(work, crontab(minute="*"))
def sweep_jobs() -> None:
    """Take back what dead workers held, and run what no bell announced."""
    take_back_silent()
    run_jobs.call_local()


@every(work, crontab(minute="17"))
def forget_old_jobs() -> None:
    """Delete the files of jobs that are too old to be fetched, and jobs that ended long ago.

    Phones that such a job was to erase go too, whatever became of it.
    """
    drop_old_phones(now=timezone.now())
    expire_results(now=timezone.now())
    forget_ended(now=timezone.now())
