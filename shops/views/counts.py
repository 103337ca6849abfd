"""Pages of stock counts: begun and closed by who keeps stock, counted blind by whoever is there."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.forms.fields import id_of
from money.models import Business
from shops.actions.counts import ALL, LOW, add_lines, close_count, start_count, write_counted
from shops.actions.items import NotAllowed
from shops.models import Location, StockCount
from shops.queries import counts as queries
from shops.queries.stock import places_of
from shops.stock_forms import BadForm, read_counted, read_counts, read_key
from shops.views.doors import fields_of, user_of
from shops.views.stock import REFUSALS, act, asked, for_keepers, for_seers, who_asks

WHAT = ((ALL, "Everything"), (LOW, "What is to be bought"), ("words", "By name"))


@for_seers
@require_http_methods(["GET", "POST"])
def counts(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the counts, the open ones first; POST begins one."""
    refusal = None
    if request.method == "POST":
        begun: list[StockCount] = []
        refusal = act(lambda: _start(request, business, begun), request, business)
        if refusal is None:
            return redirect("stock:count", business.slug, begun[0].pk)
    context = who_asks(request, business) | {
        "counts": queries.counts_of(business),
        "places": places_of(business),
        "what": WHAT,
        "fields": fields_of(request),
        "key": uuid.uuid4().hex,
        "refusal": refusal,
    }
    return render(request, "shops/stock/counts.html", context, status=422 if refusal else 200)


def _start(request: HttpRequest, business: Business, begun: list[StockCount]) -> str:
    fields = fields_of(request)
    place = Location.objects.filter(pk=id_of(fields.get("place", "")), business=business).first()
    if place is None:
        raise BadForm("Choose the place that is counted.")
    count = start_count(
        location=place,
        what=fields.get("what", ""),
        words=fields.get("words", "") if fields.get("what") == "words" else "",
        key=read_key(fields),
        by=user_of(request),
        now=timezone.now(),
    )
    begun.append(count)
    return f"{place} is being counted. Several people may count at once."


@for_seers
@require_http_methods(["GET", "POST"])
def count(request: HttpRequest, business: Business, count_id: int) -> HttpResponse:
    """Show what is to be counted, blind; POST writes what was typed. Closed: what was found."""
    found = _count(business, count_id)
    if not found.is_open:
        return _closed(request, business, found)
    may_count, refusal = queries.may_count(user_of(request), business), None
    if request.method == "POST":
        if not may_count:
            raise PermissionDenied
        refusal = _write(request, business, found)
        if refusal is None:
            return redirect(f"{request.path}?{request.META.get('QUERY_STRING', '')}")
    words, only_left = asked(request, "q"), bool(asked(request, "left"))
    context = who_asks(request, business) | {
        "count": found,
        "page": queries.lines_of(
            found, words=words, only_left=only_left, page=asked(request, "page")
        ),
        "progress": queries.progress_of(found),
        "words": words,
        "only_left": only_left,
        "may_count": may_count,
        "what": WHAT,
        "refusal": refusal,
    }
    return render(request, "shops/stock/count.html", context, status=422 if refusal else 200)


def _write(request: HttpRequest, business: Business, found: StockCount) -> Exception | None:
    """Write what was typed into the page; return the refusal where it cannot be."""
    try:
        counted = read_counts(fields_of(request))
        write_counted(
            count_id=found.pk,
            business=business,
            counted=counted,
            by=user_of(request),
            now=timezone.now(),
        )
    except REFUSALS as refusal:
        return refusal
    said = f"{len(counted)} written down." if counted else "Nothing new was typed."
    messages.success(request, said)
    return None


@for_seers
@require_POST
def count_line(
    request: HttpRequest, business: Business, count_id: int, line_id: int
) -> HttpResponse:
    """Write one line as soon as it is typed; answers with what stands beside the field."""
    found, refusal = _count(business, count_id), None
    try:
        typed = fields_of(request).get(f"c-{line_id}", "")
        write_counted(
            count_id=found.pk,
            business=business,
            counted={line_id: read_counted(typed, of="")},
            by=user_of(request),
            now=timezone.now(),
        )
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except REFUSALS as refused:
        refusal = refused
    context = {"line": queries.line_of(found, line_id), "refused": refusal, "is_new": True}
    return render(request, "shops/stock/_said.html", context)


@for_keepers
@require_POST
def more(request: HttpRequest, business: Business, count_id: int) -> HttpResponse:
    """Add products to an open count."""
    fields = fields_of(request)

    def add() -> str:
        what, words = fields.get("what", ""), fields.get("words", "")
        new = add_lines(
            count_id=count_id,
            business=business,
            what=what,
            words=words,
            by=user_of(request),
        )
        return f"{new} more to count." if new else "All of that is in the count already."

    _count(business, count_id)
    if refusal := act(add, request, business):
        messages.warning(request, str(refusal))
    return redirect("stock:count", business.slug, count_id)


@for_keepers
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, business: Business, count_id: int) -> HttpResponse:
    """Ask whether the count is done; POST closes it and posts what it found."""
    found, refusal = _count(business, count_id), None
    if request.method == "POST":
        refusal = act(lambda: _close(request, business, found), request, business)
    if not found.is_open or (request.method == "POST" and refusal is None):
        return redirect("stock:count", business.slug, count_id)
    context = who_asks(request, business) | {
        "count": found,
        "progress": queries.progress_of(found),
        "refusal": refusal,
    }
    return render(request, "shops/stock/count_close.html", context, status=422 if refusal else 200)


def _close(request: HttpRequest, business: Business, found: StockCount) -> str:
    close_count(
        count_id=found.pk,
        business=business,
        leaves_rest=fields_of(request).get("rest") == "yes",
        by=user_of(request),
        now=timezone.now(),
    )
    return f"{found} is closed, and what it found is posted."


@for_seers
@require_GET
def sheet(request: HttpRequest, business: Business, count_id: int) -> HttpResponse:
    """Show a sheet for paper: empty fields while the count is open, what was found after."""
    found, asks = _count(business, count_id), who_asks(request, business)
    if not found.is_open and not asks["sees_cost"]:
        raise PermissionDenied
    context = asks | {
        "count": found,
        "lines": queries.sheet_of(found),
        "value_cents": queries.value_of(found),
    }
    return render(request, "shops/stock/count_sheet.html", context)


def _closed(request: HttpRequest, business: Business, found: StockCount) -> HttpResponse:
    asks = who_asks(request, business)
    if not asks["sees_cost"]:
        return redirect("stock:counts", business.slug)
    if request.method == "POST":
        messages.warning(request, "This count was closed meanwhile. What it found is frozen.")
        return redirect("stock:count", business.slug, found.pk)
    context: dict[str, Any] = asks | {
        "count": found,
        "progress": queries.progress_of(found),
        "differences": queries.differences_of(found),
        "value_cents": queries.value_of(found),
    }
    return render(request, "shops/stock/count_found.html", context)


def _count(business: Business, count_id: int) -> StockCount:
    rows = StockCount.objects.select_related("location", "started_by", "closed_by")
    return get_object_or_404(rows, pk=count_id, business=business)
