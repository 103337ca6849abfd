"""A job's page, live; the list of jobs; cancel, retry, give up; the file that came of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.views.doors import Reader, opened_by
from periodic import bells, results
from periodic.actions.jobs import NotNow, cancel, give_up, mark_seen, retry
from periodic.backoff import remaining_seconds
from periodic.kinds import all_kinds
from periodic.models import Job, JobState
from periodic.queries.jobs import needing_attention, to_show
from periodic.rights import Rights, kind_of

JOBS_SHOWN, JOBS_READ, MOST_AT_ONCE = 60, 300, 200
PERCENT = 100
# What every database takes for an id.
_ID = re.compile(r"[0-9]{1,18}")
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job as a page shows it to one reader."""

    row: Job
    title: str
    may_steer: bool
    has_file: bool
    now: datetime

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return PERCENT * self.row.done // self.row.total if self.row.total else 0

    @property
    def remaining(self) -> str:
        """About how long the rest takes; "" where nobody can tell."""
        if self.row.state != JobState.RUNNING or self.row.started_at is None:
            return ""
        elapsed = int((self.now - self.row.started_at).total_seconds())
        seconds = remaining_seconds(
            elapsed_seconds=elapsed, done=self.row.done, total=self.row.total
        )
        return "" if not seconds else f"about {spoken(seconds)} left"

    @property
    def took(self) -> str:
        """How long the last attempt took."""
        if not (self.row.started_at and self.row.ended_at):
            return ""
        seconds = int((self.row.ended_at - self.row.started_at).total_seconds())
        return spoken(max(1, seconds))

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody asked for its end and it runs yet."""
        return self.row.state == JobState.RUNNING and self.row.cancel_asked_at is not None

    @property
    def is_held_up(self) -> bool:
        """Whether it waits after a failure."""
        return self.row.state == JobState.WAITING and bool(self.row.error)


def spoken(seconds: int) -> str:
    """Return 75 as "1 min 15 s"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _shown(job: Job, rights: Rights, now: datetime) -> ShownJob:
    kind = kind_of(job)
    has_file = bool(job.file) and rights.may_download(job)
    title = job.title or (kind.title if kind else job.kind)
    return ShownJob(job, title, rights.may_steer(job), has_file, now)


@opened_by(*Ability)
@require_GET
def jobs(request: HttpRequest, reader: Reader) -> HttpResponse:
    """List what needs attention and what was asked for lately; ended ones count as seen."""
    rights, now = Rights(reader.user), timezone.now()
    only_mine = not request.GET.get("all")
    ids = {business.pk for ability in Ability for business in reader.where(ability)}
    hidden = [kind.name for kind in all_kinds() if not rights.holds(kind.see, ())]
    rows = to_show(reader.user, sorted(ids), only_mine=only_mine, not_of_all=hidden)[:JOBS_READ]
    found = [_shown(one, rights, now) for one in rows if rights.may_see(one)]
    ended = needing_attention(not_of_all=hidden)[:JOBS_READ]
    failed = [one for one in ended if rights.may_see(one)]
    context = {
        "jobs": found[:JOBS_SHOWN],
        "attention": [_shown(one, rights, now) for one in failed[:JOBS_SHOWN]],
        "only_mine": only_mine,
        "is_live": any(one.row.is_live for one in found[:JOBS_SHOWN]),
    }
    mark_seen(by=reader.user, now=now)
    return render(request, "periodic/jobs.html", context)


@opened_by(*Ability)
@require_GET
def job(request: HttpRequest, reader: Reader, pk: int) -> HttpResponse:
    """Show one job: how far it is, what came of it."""
    found = _found(reader, pk)
    if not found.row.is_live and found.row.asked_by_id == reader.user.pk:
        mark_seen(by=reader.user, now=found.now, job_id=pk)
    trace = found.row.traceback if reader.user.is_superuser or found.may_steer else ""
    return render(request, "periodic/job.html", {"job": found, "trace": trace})


@opened_by(*Ability)
@require_GET
def progress(request: HttpRequest, reader: Reader, pk: int) -> HttpResponse:
    """Say how far a job is, to a page that asks each second; at its end the page loads anew."""
    found = _found(reader, pk)
    answer = render(request, "periodic/_progress.html", {"job": found})
    if not found.row.is_live:
        answer["HX-Refresh"] = "true"
    return answer


@opened_by(*Ability)  # type: ignore[arg-type] # a file streams
@require_GET
def file(request: HttpRequest, reader: Reader, pk: int) -> HttpResponse | FileResponse:
    """Give the file of a job to who may have it; its name is the row's, never the request's."""
    found = _found(reader, pk)
    if not Rights(reader.user).may_download(found.row):
        raise PermissionDenied
    path = results.path_of(found.row.file)
    if path is None:
        context = {"title": "No file here", "sentence": "It has expired. Ask for it again."}
        return render(request, "erp/sentence.html", context, status=410)
    content_type = TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=path.name, content_type=content_type
    )


@opened_by(*Ability)
@require_POST
def decide(request: HttpRequest, reader: Reader, pk: int, deed: str) -> HttpResponse:
    """Cancel a job, try it again, or give it up."""
    found = _found(reader, pk)
    if deed not in DEEDS:
        raise Http404
    if not found.may_steer:
        raise PermissionDenied
    try:
        messages.success(request, DEEDS[deed](pk))
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect("periodic:job", pk)


@opened_by(*Ability)
@require_POST
def decide_many(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Try again, or give up, every job that was ticked."""
    deed = request.POST.get("deed", "")
    if deed not in {"retry", "give-up"}:
        raise Http404
    ticked = [one for one in request.POST.getlist("job") if _ID.fullmatch(one)]
    rows = Job.objects.filter(pk__in=[int(one) for one in ticked[:MOST_AT_ONCE]])
    rights, done = Rights(reader.user), 0
    for one in rows.select_related("business").order_by("pk"):
        if not (rights.may_see(one) and rights.may_steer(one)):
            continue
        try:
            DEEDS[deed](one.pk)
        except NotNow:
            continue
        done += 1
    verb = "wait to be tried again" if deed == "retry" else "were given up"
    messages.success(request, f"{done} jobs {verb}.")
    return redirect("periodic:jobs")


def _cancel(pk: int) -> str:
    has_ended = cancel(job_id=pk, now=timezone.now())
    return "Cancelled." if has_ended else "It is being stopped."


def _retry(pk: int) -> str:
    with transaction.atomic():
        retry(job_id=pk, now=timezone.now())
        transaction.on_commit(bells.jobs.press)
    return "It waits for its turn again."


def _give_up(pk: int) -> str:
    give_up(job_id=pk, now=timezone.now())
    return "Given up: it needs no attention any more."


DEEDS: dict[str, Callable[[int], str]] = {
    "cancel": _cancel,
    "retry": _retry,
    "give-up": _give_up,
}


def _found(reader: Reader, pk: int) -> ShownJob:
    """Return a job that the reader may see; else there is no such page."""
    row = Job.objects.select_related("business", "asked_by").filter(pk=pk).first()
    rights = Rights(reader.user)
    if row is None or not rights.may_see(row):
        raise Http404
    return _shown(row, rights, timezone.now())
