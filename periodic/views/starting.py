"""Asking for a job: the form of its kind, and the address to which other pages post."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.views.doors import Reader, opened_by, plain
from periodic import bells
from periodic.actions.jobs import ask_for
from periodic.forms import KindForm
from periodic.kinds import Kind, UnknownKind, all_kinds, lookup
from periodic.models import Job, Urgency
from periodic.rights import Rights


@opened_by(*Ability)
@require_GET
def choose(request: HttpRequest, reader: Reader) -> HttpResponse:
    """List the kinds of jobs that the reader may ask for."""
    rights = Rights(reader.user)
    kinds = [kind for kind in all_kinds() if kind.form and rights.where(kind.ask)]
    return render(request, "periodic/choose.html", {"kinds": kinds})


@opened_by(*Ability)
@require_GET
def form(request: HttpRequest, reader: Reader, name: str) -> HttpResponse:
    """Show the form of a kind."""
    kind, form_class = _kind(reader, name)
    context = {"kind": kind, "form": form_class(initial=request.GET.dict(), user=reader.user)}
    return render(request, "periodic/form.html", context)


@opened_by(*Ability)
@require_POST
def start(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Ask for the job that a form of any page describes; the same while it lives is the same."""
    sent = _plain(request.POST)
    kind, form_class = _kind(reader, sent.get("kind", ""))
    asked = form_class(sent, user=reader.user)
    if not asked.is_valid():
        context = {"kind": kind, "form": asked}
        return render(request, "periodic/form.html", context, status=422)
    job = _ask(reader, kind, asked)
    return redirect("periodic:job", job.pk)


def _plain(fields: QueryDict) -> QueryDict:
    """Return what was sent, as text that can be kept."""
    kept = QueryDict(mutable=True)
    for name, values in fields.lists():
        kept.setlist(plain(name), [plain(str(value)) for value in values])
    return kept


def _kind(reader: Reader, name: str) -> tuple[Kind, type[KindForm]]:
    """Return a kind that people ask for, and that the reader may ask for somewhere."""
    try:
        kind = lookup(name)
    except UnknownKind as unknown:
        raise Http404(str(unknown)) from unknown
    if kind.form is None:
        raise Http404
    if not Rights(reader.user).where(kind.ask):
        raise PermissionDenied
    return kind, kind.form


def _ask(reader: Reader, kind: Kind, asked: KindForm) -> Job:
    businesses = asked.businesses()
    if not Rights(reader.user).may_ask(kind, [one.slug for one in businesses]):
        raise PermissionDenied
    now = timezone.now()
    with transaction.atomic():
        asked.keep(now)
        job = ask_for(
            kind=kind.name,
            title=asked.title() or kind.title,
            parameters=asked.parameters(),
            business=businesses[0] if len(businesses) == 1 else None,
            by=reader.user,
            urgency=Urgency.PERSON,
            wants_mail=asked.wants_mail,
            now=now,
        )
        transaction.on_commit(bells.jobs.press)
    return job
