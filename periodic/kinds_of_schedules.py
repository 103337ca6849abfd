"""What the shipped schedules do, as kinds of jobs: plain functions that answer with a sentence.

Each takes the job's parameters, a `tick` for its progress (done, total) and the time it runs at.
The parameters name the `due` time it runs for, by which it knows its day however late it is, and
the slug of its `business` where it is of one. Everything here may run twice. What raises `Altered`
does not heal by being tried again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from money.actions.posting import NoBook
from money.models import Business, Entry
from mpesa.reconciliation import A_DAY
from periodic import monitor
from periodic.actions.audit import Altered, sentence_of, verify_audit_trail
from periodic.actions.backups import back_up
from periodic.actions.days import close_day_that_is_over
from periodic.actions.drills import drill
from periodic.actions.expiry import remind_of_expiry
from periodic.actions.figures import take_figures
from periodic.actions.month_pack import NotLocked, ask_for_parts
from periodic.actions.nets import pull_tills, watch_balances
from periodic.actions.reminders import remind_of_reconciliation, remind_of_unpaid
from periodic.actions.reports import write_daily_reports
from periodic.actions.retention import expire_papers
from periodic.verification import Untied, verify_sub_ledgers
from shops.actions.drawers import close_forgotten
from shops.actions.held import forget_held
from shops.actions.movers import learn_fast_movers
from shops.actions.parked import give_up_parked

Parameter = str | int | bool | None
Tick = Callable[[int, int], None]
Work = Callable[[Mapping[str, Parameter], Tick, datetime], str]

NO_MAIL = "Mail is not set up (MAIL_URL): nothing was written."
MOST_ROUNDS = 20
# The pull goes no further back (REFERENCE 4.8).
HOURS_OF_DAY, HOURS_OF_NIGHT = 2, 48
MOST_NAMED = 5
# What grows with the shop, or goes over a slow line: 200 MB take half an hour at 1 Mbit/s.
LONG = 6 * 3600


class Incomplete(Exception):
    """There is a backup, but no copy elsewhere, or none that restores; the message says which."""


@dataclass(frozen=True, slots=True)
class ScheduledKind:
    """A kind of job that a schedule may ask for."""

    name: str
    title: str
    work: Work
    is_per_business: bool = False
    needs_mail: bool = False
    # How long one attempt may take.
    seconds: int = 1800


def due_of(parameters: Mapping[str, Parameter], now: datetime) -> datetime:
    """Return the time that a run is for; `now` where nobody set one."""
    due = parameters.get("due")
    if not due:
        return now
    return datetime.strptime(str(due), "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def _business_of(parameters: Mapping[str, Parameter]) -> Business:
    return Business.objects.get(slug=parameters["business"])


def _verify(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    total = Entry.objects.count()
    report = verify_audit_trail(
        now=now, is_alerting=settings.MAIL_IS_CONFIGURED, tick=lambda done: tick(done, total)
    )
    if report.is_ok:
        _refuse_untied()
        return f"{report.entries:,} entries and {report.lines:,} lines are as they were written."
    more = len(report.findings) - 1
    first = sentence_of(report.findings[0])
    raise Altered(f"The books were altered. {first}" + (f", and {more} more." if more else "."))


def _refuse_untied() -> None:
    """Raise Untied where a record beside the books is not what its account says."""
    found = [row for outcome in verify_sub_ledgers() for row in outcome.findings]
    if found:
        raise Untied(
            f"{sentence_of(found[0])}. {len(found)} found; `python manage.py verify` names all."
        )


def _close(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    business = _business_of(parameters)
    day = timezone.localdate(due_of(parameters, now)) - A_DAY
    try:
        event, is_new = close_day_that_is_over(business=business, day=day, now=now)
    except NoBook as refusal:
        return str(refusal)
    if is_new:
        return f"{day:%-d %B %Y} is closed."
    return f"{day:%-d %B %Y} was closed before, by event {event.number}."


def _remind(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    if not settings.MAIL_IS_CONFIGURED:
        return NO_MAIL
    business, day = _business_of(parameters), timezone.localdate(due_of(parameters, now))
    lines = remind_of_reconciliation(business=business, day=day, now=now)
    return " ".join(lines) if lines else "Everything is matched and tied."


def _unpaid(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    if not settings.MAIL_IS_CONFIGURED:
        return NO_MAIL
    business, day = _business_of(parameters), timezone.localdate(due_of(parameters, now))
    lines = remind_of_unpaid(business=business, day=day, now=now)
    return " ".join(lines) if lines else "Nothing has been unpaid for a week."


def _report(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    if not settings.MAIL_IS_CONFIGURED:
        return NO_MAIL
    due = due_of(parameters, now)
    written = write_daily_reports(day=timezone.localdate(due), due=due, now=now)
    return f"{written} {'mail' if written == 1 else 'mails'} to owners."


def _clean_up(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    ended, _ = Session.objects.filter(expire_date__lt=now).delete()
    forgotten = 0
    for _ in range(MOST_ROUNDS):
        found = monitor.forget_old(now=now)
        forgotten += found
        if not found:
            break
    papers = expire_papers(now=now)
    carts = forget_held(now=now)
    return (
        f"{ended:,} sign-ins that had run out, {forgotten:,} task records,"
        f" {papers:,} folders of old papers and {carts:,} held carts are deleted."
    )


def _month_papers(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    business = _business_of(parameters)
    first = timezone.localdate(due_of(parameters, now)).replace(day=1)
    month = (first - A_DAY).replace(day=1)
    try:
        jobs = ask_for_parts(business=business, month=month, by=None, now=now)
    except NotLocked as refusal:
        return f"{refusal} Lock it, and ask for its papers."
    return f"{len(jobs)} papers of {month:%B %Y} are asked for."


def _figures(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    business = _business_of(parameters)
    day = timezone.localdate(due_of(parameters, now)) - A_DAY
    taken = take_figures(business=business, day=day, now=now)
    return f"{taken} {'day is' if taken == 1 else 'days are'} taken down, up to {day:%-d %B %Y}."


def _close_sessions(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    return f"{_sessions_closed(now)} {_sales_given_up(now)}"


def _sales_given_up(now: datetime) -> str:
    outcome = give_up_parked(now=now, after_days=settings.PARKED_SALE_DAYS)
    told = [f"Parked sales given up: {len(outcome.sales)}."]
    if outcome.paid_in_part:
        told.append(f"Paid in part, for a person to end: {outcome.paid_in_part}.")
    if outcome.still_asked:
        told.append(f"M-Pesa may still answer: {outcome.still_asked}.")
    return " ".join(told)


def _expiry(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    if not settings.MAIL_IS_CONFIGURED:
        return NO_MAIL
    lines = remind_of_expiry(business=_business_of(parameters), now=now)
    return " ".join(lines) if lines else "Nothing new expires."


def _sessions_closed(now: datetime) -> str:
    closed = close_forgotten(now=now, after_hours=settings.CASH_SESSION_HOURS)
    if not closed:
        return "No cash session was forgotten."
    named = closed[:MOST_NAMED]
    names = ", ".join(f"Z {session.z_number} of {session.business}" for session in named)
    left = len(closed) - MOST_NAMED
    more = f" and {left} more" if left > 0 else ""
    return f"Closed uncounted: {names}{more}."


def _learn(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    business = _business_of(parameters)
    day = timezone.localdate(due_of(parameters, now))
    products = learn_fast_movers(business=business, day=day)
    return f"{products:,} products were sold in the 30 days up to {day:%-d %B %Y}."


def _pull(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    return pull_tills(hours=HOURS_OF_DAY, now=now, tick=tick)


def _pull_at_night(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    return pull_tills(hours=HOURS_OF_NIGHT, now=now, tick=tick)


def _balances(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    return watch_balances(now=now, tick=tick)


def _back_up(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    outcome = back_up(now=now, tick=tick)
    if outcome.trouble:
        raise Incomplete(outcome.trouble)
    return f"{outcome.backup.name}: {outcome.backup.bytes:,} bytes."


def _drill(parameters: Mapping[str, Parameter], tick: Tick, now: datetime) -> str:
    results = drill(now=now, tick=tick)
    told = " ".join(f"{one.get_place_display()}: {one.sentence}" for one in results)
    if not all(one.is_ok for one in results):
        raise Incomplete(told)
    return told


KINDS = {
    kind.name: kind
    for kind in (
        ScheduledKind("verify_audit_trail", "Audit verification", _verify, seconds=LONG),
        ScheduledKind("close_days", "End of day", _close, is_per_business=True),
        ScheduledKind("clean_up", "Clean-up", _clean_up),
        ScheduledKind(
            "close_expired_sessions", "Forgotten cash sessions and sales", _close_sessions
        ),
        ScheduledKind(
            "expiry_reminder", "Goods that expire", _expiry, is_per_business=True, needs_mail=True
        ),
        ScheduledKind("daily_figures", "Daily figures", _figures, is_per_business=True),
        ScheduledKind("fast_movers", "Fast movers", _learn, is_per_business=True),
        ScheduledKind("mpesa_pull", "M-Pesa's last hours", _pull),
        ScheduledKind("mpesa_pull_night", "M-Pesa's last two days", _pull_at_night),
        ScheduledKind("mpesa_balances", "Jumps in M-Pesa balances", _balances),
        ScheduledKind("backup", "Backup", _back_up, seconds=LONG),
        ScheduledKind("restore_drill", "Restore drill", _drill, seconds=LONG),
        ScheduledKind(
            "reconciliation_reminder",
            "Reconciliation reminder",
            _remind,
            is_per_business=True,
            needs_mail=True,
        ),
        ScheduledKind(
            "send_payment_reminders",
            "What is unpaid",
            _unpaid,
            is_per_business=True,
            needs_mail=True,
        ),
        ScheduledKind(
            "papers_of_last_month", "Papers of last month", _month_papers, is_per_business=True
        ),
        ScheduledKind("daily_report", "Owner's daily report", _report, needs_mail=True),
    )
}
