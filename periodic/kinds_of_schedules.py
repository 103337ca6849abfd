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
from periodic.actions.month_pack import NotLocked, ask_for_parts
from periodic.actions.reminders import remind_of_reconciliation
from periodic.actions.reports import write_daily_reports
from periodic.actions.retention import expire_papers
from periodic.verification import Untied, verify_sub_ledgers

Parameter = str | int | bool | None
Tick = Callable[[int, int], None]
Work = Callable[[Mapping[str, Parameter], Tick, datetime], str]

NO_MAIL = "Mail is not set up (MAIL_URL): nothing was written."
MOST_ROUNDS = 20


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
    return (
        f"{ended:,} sign-ins that had run out, {forgotten:,} task records and"
        f" {papers:,} folders of old papers are deleted."
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
        ScheduledKind("verify_audit_trail", "Audit verification", _verify),
        ScheduledKind("close_days", "End of day", _close, is_per_business=True),
        ScheduledKind("clean_up", "Clean-up", _clean_up),
        ScheduledKind("backup", "Backup", _back_up),
        ScheduledKind("restore_drill", "Restore drill", _drill),
        ScheduledKind(
            "reconciliation_reminder",
            "Reconciliation reminder",
            _remind,
            is_per_business=True,
            needs_mail=True,
        ),
        ScheduledKind(
            "papers_of_last_month", "Papers of last month", _month_papers, is_per_business=True
        ),
        ScheduledKind("daily_report", "Owner's daily report", _report, needs_mail=True),
    )
}
