"""The owner's pages about statement files: upload, look at, bring in, and what days agree."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.access import Ability
from money.forms.days import BadDay, read_day
from money.views.doors import Reader, fields_of, opened_by, plain
from mpesa import doorbell
from mpesa.actions.corrections import NotCorrectable, correct_by_statement
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.reversals import NotReversible, take_back_forged
from mpesa.actions.statements import NotNow, confirm, drop, upload
from mpesa.actions.tying import tie_days
from mpesa.models import Payment, StatementRow, StatementUpload, TiedDay, Till, UploadState
from mpesa.previews import preview_of
from mpesa.reconciliation import DayMatch, days_of, start_of, uploads_of
from mpesa.statements import NotAStatement
from mpesa.statements.grids import MOST_BYTES

WEEKS_SHOWN = 5
FILES_SHOWN = 40
MOST_FILES = 40
MOST_DAYS = 400


@opened_by(Ability.SEE_BOOKS)
@require_GET
def tills(request: HttpRequest, reader: Reader) -> HttpResponse:
    """List the tills, each with the last day that was tied off; one alone is shown at once."""
    mine = _tills_of(reader)
    if len(mine) == 1:
        return redirect("statements:files", mine[0].number)
    last = dict(
        TiedDay.objects.filter(till__in=mine, tied_at__isnull=False)
        .order_by("day")
        .values_list("till_id", "day")
    )
    rows = [(till, last.get(till.pk)) for till in mine]
    return render(request, "mpesa/statements/tills.html", {"rows": rows})


@opened_by(Ability.SEE_BOOKS)
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest, reader: Reader, number: str) -> HttpResponse:
    """Show a till's statement files and its last weeks; take new files."""
    till = _till(reader, number)
    if request.method == "GET":
        return _files_page(request, reader, till, [])
    reader.insist(Ability.KEEP_BOOKS, till.business)
    taken: list[StatementUpload] = []
    refusals = list(_take(request, reader, till, taken))
    if refusals:
        return _files_page(request, reader, till, refusals)
    if len(taken) == 1:
        return redirect("statements:file", number, taken[0].pk)
    messages.success(request, f"{len(taken)} files are here. Look at each, or bring in all.")
    return redirect("statements:files", number)


def _take(
    request: HttpRequest, reader: Reader, till: Till, taken: list[StatementUpload]
) -> Iterator[str]:
    """Keep each file that is one; yield a sentence for each that is not."""
    sent = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile)]
    if not sent:
        yield "Choose a file that Safaricom's portal downloaded: CSV or Excel."
    if len(sent) > MOST_FILES:
        yield f"At most {MOST_FILES} files at once; the others were left out."
    for one in sent[:MOST_FILES]:
        name = plain(one.name or "")
        if (one.size or 0) > MOST_BYTES:
            yield f"{name}: the file is larger than 20 MB. Download a shorter period."
            continue
        try:
            taken.append(
                upload(till=till, name=name, content=one.read(), by=reader.user, now=timezone.now())
            )
        except NotAStatement as refusal:
            yield f"{name}: {refusal}" if len(sent) > 1 else str(refusal)


def _files_page(
    request: HttpRequest, reader: Reader, till: Till, refusals: list[str]
) -> HttpResponse:
    uploads = list(uploads_of(till)[:FILES_SHOWN])
    today = timezone.localdate()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS_SHOWN - 1)
    matches = days_of(till=till, first=first, last=today)
    context = {
        "till": till,
        "uploads": uploads,
        "previews": sum(one.state == UploadState.PREVIEW for one in uploads),
        "matches": matches,
        "tied": _tied(till, first, today),
        "differing": [match for match in matches if match.differences],
        "keeps": reader.may(Ability.KEEP_BOOKS, till.business_id),
        "refusals": refusals,
    }
    status = 422 if refusals else 200
    return render(request, "mpesa/statements/files.html", context, status=status)


def _tied(till: Till, first: date, last: date) -> set[date]:
    rows = TiedDay.objects.filter(till=till, day__gte=first, day__lte=last, tied_at__isnull=False)
    return set(rows.values_list("day", flat=True))


@opened_by(Ability.SEE_BOOKS)
@require_GET
def file(request: HttpRequest, reader: Reader, number: str, pk: str) -> HttpResponse:
    """Show a file: what it would do, how far its import is, or what came of it."""
    till = _till(reader, number)
    found = _upload(till, pk)
    context = {
        "till": till,
        "upload": found,
        "keeps": reader.may(Ability.KEEP_BOOKS, till.business_id),
        "manages": reader.may(Ability.MANAGE, till.business_id),
    }
    if found.state == UploadState.PREVIEW:
        try:
            context["preview"] = preview_of(found)
        except NotAStatement as erased:
            context["refusal"] = erased
    elif found.state == UploadState.DONE:
        matches = _matches_of(found)
        context["matches"] = matches
        context["differing"] = [one for one in matches if one.differences or one.noted]
        context["agreeing"] = [one for one in matches if one.agrees]
    return render(request, "mpesa/statements/file.html", context)


def _matches_of(found: StatementUpload) -> list[DayMatch]:
    if not (found.first_day and found.last_day):
        return []
    first = max(found.first_day, found.last_day - timedelta(days=MOST_DAYS))
    return days_of(till=found.till, first=first, last=found.last_day)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def progress(request: HttpRequest, reader: Reader, number: str, pk: str) -> HttpResponse:
    """Say how far an import is, to a page that asks each second; done, the page loads anew."""
    till = _till(reader, number)
    found = _upload(till, pk)
    context = {"till": till, "upload": found}
    answer = render(request, "mpesa/statements/_progress.html", context)
    if found.state != UploadState.WAITING:
        answer["HX-Refresh"] = "true"
    return answer


@opened_by(Ability.SEE_BOOKS)
@require_POST
def decide(request: HttpRequest, reader: Reader, number: str, pk: str, deed: str) -> HttpResponse:
    """Bring a file in, or drop it."""
    till = _till(reader, number)
    found = _upload(till, pk)
    reader.insist(Ability.KEEP_BOOKS, till.business)
    try:
        if deed == "drop":
            drop(upload_id=found.pk, by=reader.user)
            messages.success(request, f"Dropped: {found.name}. Nothing of it is in the books.")
            return redirect("statements:files", number)
        with transaction.atomic():
            confirm(upload_id=found.pk, by=reader.user)
            transaction.on_commit(doorbell.statements.press)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect("statements:file", number, pk)


@opened_by(Ability.SEE_BOOKS)
@require_POST
def bring_all_in(request: HttpRequest, reader: Reader, number: str) -> HttpResponse:
    """Bring in every file of a till that was only looked at, oldest first."""
    till = _till(reader, number)
    reader.insist(Ability.KEEP_BOOKS, till.business)
    with transaction.atomic():
        rows = uploads_of(till).filter(state=UploadState.PREVIEW).order_by("pk")
        for upload_id in list(rows.values_list("pk", flat=True)):
            confirm(upload_id=upload_id, by=reader.user)
        transaction.on_commit(doorbell.statements.press)
    return redirect("statements:files", number)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def day(request: HttpRequest, reader: Reader, number: str, day: str) -> HttpResponse:
    """Show statement and books of one day beside each other."""
    return _day_page(request, reader, _till(reader, number), _day_of(day))


def _day_page(
    request: HttpRequest, reader: Reader, till: Till, on: date, refusal: str = ""
) -> HttpResponse:
    (match,) = days_of(till=till, first=on, last=on)
    context = {
        "till": till,
        "match": match,
        "tied": TiedDay.objects.filter(till=till, day=on).first(),
        "begins": start_of(on),
        "manages": reader.may(Ability.MANAGE, till.business_id),
        "refusal": refusal,
    }
    status = 422 if refusal else 200
    return render(request, "mpesa/statements/day.html", context, status=status)


@opened_by(Ability.SEE_BOOKS)
@require_POST
def take_back(request: HttpRequest, reader: Reader, number: str, pk: str) -> HttpResponse:
    """Take a payment out of the books that the statement knows nothing of: it was forged."""
    till = _till(reader, number)
    payment = Payment.objects.filter(till=till, pk=int(pk)).first()
    if payment is None:
        raise Http404
    reader.insist(Ability.MANAGE, till.business)
    on, now = timezone.localdate(payment.paid_at), timezone.now()
    try:
        take_back_forged(
            payment_id=payment.pk,
            reason=fields_of(request).get("reason", ""),
            by=reader.user,
            now=now,
        )
    except (NotReversible, NotAllowed) as refusal:
        return _day_page(request, reader, till, on, str(refusal))
    tie_days(till=till, first=on, last=on, now=now)
    messages.success(request, f"{payment.receipt} was taken back.")
    return redirect("statements:day", number, on.isoformat())


@opened_by(Ability.SEE_BOOKS)
@require_POST
def correct(request: HttpRequest, reader: Reader, number: str, pk: str) -> HttpResponse:
    """Let the statement's amount of a payment stand."""
    till = _till(reader, number)
    row = StatementRow.objects.filter(till=till, pk=int(pk)).first()
    if row is None:
        raise Http404
    reader.insist(Ability.MANAGE, till.business)
    on, now = timezone.localdate(row.at), timezone.now()
    reason = fields_of(request).get("reason", "")
    try:
        correct_by_statement(row_id=row.pk, reason=reason, by=reader.user, now=now)
    except (NotCorrectable, NotAllowed) as refusal:
        return _day_page(request, reader, till, on, str(refusal))
    tie_days(till=till, first=on, last=on, now=now)
    messages.success(
        request, f"{row.receipt} has the statement's amount. The difference is posted today."
    )
    return redirect("statements:day", number, on.isoformat())


def _tills_of(reader: Reader) -> list[Till]:
    rows = Till.objects.filter(business__in=reader.where(Ability.SEE_BOOKS))
    return list(rows.select_related("business").order_by("business__name", "number"))


def _till(reader: Reader, number: str) -> Till:
    """Return a till whose books the reader may see; else there is no such page."""
    for till in _tills_of(reader):
        if till.number == number:
            return till
    raise Http404


def _upload(till: Till, pk: str) -> StatementUpload:
    found = StatementUpload.objects.select_related("till__business", "by").filter(
        till=till, pk=int(pk)
    )
    found = found.exclude(state=UploadState.DROPPED)
    if (one := found.first()) is None:
        raise Http404
    return one


def _day_of(text: str) -> date:
    try:
        return read_day(text)
    except BadDay as bad:
        raise Http404 from bad
