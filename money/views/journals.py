"""Manual journals: the list, one of them, and what is done to it."""

from django.contrib import messages
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.actions.corrections import AlreadyReversed, NotReversible, WrongDay
from money.actions.journals import Decided, SamePerson, approve, reject
from money.actions.posting import PeriodLocked
from money.drafts import TooLong
from money.forms.fields import id_of
from money.models import Entry, Journal, JournalState, Line
from money.views.doors import Reader, fields_of, hand_out, opened_by

REFUSALS = (
    AlreadyReversed,
    Decided,
    NotReversible,
    PeriodLocked,
    SamePerson,
    TooLong,
    WrongDay,
)
PAGE = 50


@opened_by(Ability.SEE_BOOKS)
@require_GET
def journals(request: HttpRequest, reader: Reader) -> HttpResponse:
    """List the journals, those that wait for a second person first."""
    businesses = reader.businesses(request.GET.getlist("b"))
    mine = _rows(reader).filter(business__in=businesses)
    decided = mine.exclude(state=JournalState.PROPOSED)
    if before := id_of(request.GET.get("before", "")):
        decided = decided.filter(pk__lt=before)
    page = list(decided.order_by("-pk")[: PAGE + 1])
    context = {
        "choices": [(b, b in businesses) for b in reader.where(Ability.SEE_BOOKS)],
        "waiting": mine.filter(state=JournalState.PROPOSED).order_by("pk"),
        "decided": page[:PAGE],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "chosen": [b.slug for b in businesses] if request.GET.getlist("b") else [],
        "keeps": bool(reader.where(Ability.KEEP_BOOKS)),
    }
    return render(request, "money/journals.html", context)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def journal(request: HttpRequest, reader: Reader, journal_id: int) -> HttpResponse:
    """Show a journal, its paper, and where it stands."""
    return _page(request, reader, _find(reader, journal_id))


@opened_by(Ability.SEE_BOOKS)
@require_POST
def approve_journal(request: HttpRequest, reader: Reader, journal_id: int) -> HttpResponse:
    """Post a journal as its second person."""
    found = _find(reader, journal_id)
    reader.insist(Ability.KEEP_BOOKS, found.business)
    now = timezone.now()
    try:
        posted = approve(journal_id=found.pk, by=reader.user, at=now)
    except REFUSALS as refusal:
        return _page(request, reader, _find(reader, journal_id), refusal=refusal)
    is_news = found.state == JournalState.PROPOSED and posted.decided_at == now
    messages.success(request, "Approved and posted." if is_news else "It was posted already.")
    return redirect("money:journal", found.pk)


@opened_by(Ability.SEE_BOOKS)
@require_POST
def reject_journal(request: HttpRequest, reader: Reader, journal_id: int) -> HttpResponse:
    """Reject a journal that waits, or withdraw one's own."""
    found = _find(reader, journal_id)
    reader.insist(Ability.KEEP_BOOKS, found.business)
    note = fields_of(request).get("note", "")
    try:
        reject(journal_id=found.pk, by=reader.user, note=note, at=timezone.now())
    except REFUSALS as refusal:
        return _page(request, reader, _find(reader, journal_id), refusal=refusal, note=note)
    messages.success(request, "Rejected: nothing was posted.")
    return redirect("money:journal", found.pk)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def paper(request: HttpRequest, reader: Reader, journal_id: int) -> HttpResponse:
    """Hand out the paper behind a journal as a file to keep, never to run in the page."""
    kept = _find(reader, journal_id).attachment
    if kept is None:
        raise Http404
    return hand_out(kept)


def _rows(reader: Reader) -> QuerySet[Journal]:
    """Return the journals that one sees, each with its debits: of what it takes back, without."""
    taken_back = (
        Line.objects.filter(entry_id=OuterRef("corrects_id"), amount_cents__gt=0)
        .values("entry_id")
        .annotate(total=Sum("amount_cents"))
        .values("total")
    )
    debits = Sum("lines__amount_cents", filter=Q(lines__amount_cents__gt=0))
    return (
        Journal.objects.filter(business__in=reader.where(Ability.SEE_BOOKS))
        .select_related("business", "proposed_by", "decided_by")
        .annotate(total_cents=Coalesce(debits, Subquery(taken_back), 0))
    )


def _find(reader: Reader, journal_id: int) -> Journal:
    rows = _rows(reader).select_related("attachment", "entry", "corrects")
    found = rows.filter(pk=journal_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    reader: Reader,
    found: Journal,
    *,
    refusal: Exception | None = None,
    note: str = "",
) -> HttpResponse:
    waits = found.state == JournalState.PROPOSED
    keeps = waits and reader.may(Ability.KEEP_BOOKS, found.business_id)
    context = {
        "journal": found,
        "business": found.business,
        "lines": found.lines.select_related("account").order_by("pk"),
        "reversed_by": found.entry_id and Entry.objects.filter(reverses=found.entry_id).first(),
        "waits": waits,
        "is_own": found.proposed_by_id == reader.user.pk,
        "keeps": keeps,
        "refusal": refusal,
        "note": note,
    }
    return render(request, "money/journal.html", context, status=422 if refusal else 200)
