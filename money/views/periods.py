"""Closed and locked periods: the trail of a business, what is done to it, and a day's document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.actions.periods import (
    LaterYearClosed,
    NoReason,
    NotAYearEnd,
    NotClosed,
    NotYet,
    close_day,
    close_year,
    lock_month,
    unlock,
)
from money.actions.posting import NoBook, PeriodLocked
from money.day_close import day_document, text_of
from money.drafts import TooLong
from money.forms.days import BadDay, read_day, read_month, year_of
from money.models import Business, PeriodEvent, User
from money.queries import owner_addresses
from money.views.doors import INSIDE, Reader, fields_of, opened_by

REFUSALS = (
    BadDay,
    LaterYearClosed,
    NoBook,
    NoReason,
    NotAYearEnd,
    NotClosed,
    NotYet,
    PeriodLocked,
    TooLong,
)
MOST_EVENTS = 200

Act = Callable[[Business, User, Mapping[str, str], datetime], PeriodEvent]


@dataclass(frozen=True, slots=True)
class Deed:
    """What may be done to periods: who may, by which action."""

    ability: Ability
    act: Act


def _close_day(
    business: Business, user: User, fields: Mapping[str, str], now: datetime
) -> PeriodEvent:
    return close_day(business=business, day=read_day(fields.get("day", "")), actor=user, at=now)


def _lock_month(
    business: Business, user: User, fields: Mapping[str, str], now: datetime
) -> PeriodEvent:
    month = read_month(fields.get("month", ""))
    return lock_month(business=business, month=month, actor=user, at=now)


def _close_year(
    business: Business, user: User, fields: Mapping[str, str], now: datetime
) -> PeriodEvent:
    year_end = read_day(fields.get("year_end", ""), "year's last day")
    return close_year(business=business, year_end=year_end, actor=user, at=now)


def _unlock(
    business: Business, user: User, fields: Mapping[str, str], now: datetime
) -> PeriodEvent:
    day = read_day(fields.get("from_day", ""), "first day")
    reason = fields.get("reason", "")
    return unlock(business=business, from_day=day, actor=user, reason=reason, at=now)


DEEDS = {
    "close-day": Deed(Ability.CLOSE_DAYS, _close_day),
    "lock-month": Deed(Ability.KEEP_BOOKS, _lock_month),
    "close-year": Deed(Ability.KEEP_BOOKS, _close_year),
    "unlock": Deed(Ability.UNLOCK, _unlock),
}


@opened_by(*INSIDE)
@require_GET
def periods(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    """Show what is closed and locked, and how that came about."""
    return _page(request, reader, reader.business(slug, *INSIDE))


@opened_by(*INSIDE)
@require_POST
def change_period(request: HttpRequest, reader: Reader, slug: str, deed: str) -> HttpResponse:
    """Close a day, lock a month, close a year, or unlock."""
    business = reader.business(slug, *INSIDE)
    if deed not in DEEDS:
        raise Http404
    reader.insist(DEEDS[deed].ability, business)
    fields = fields_of(request)
    try:
        event = DEEDS[deed].act(business, reader.user, fields, timezone.now())
    except REFUSALS as refusal:
        return _page(request, reader, business, deed=deed, fields=fields, refusal=refusal)
    messages.success(request, f"{event.get_change_display()}: {_through(event)}.")
    if deed == "close-day":
        return redirect("money:day", business.slug, fields.get("day", ""))
    return redirect("money:periods", business.slug)


def _through(event: PeriodEvent) -> str:
    return f"through {event.through_on:%-d %B %Y}"


def _page(
    request: HttpRequest,
    reader: Reader,
    business: Business,
    *,
    deed: str = "",
    fields: Mapping[str, str] | None = None,
    refusal: Exception | None = None,
) -> HttpResponse:
    book = type(business.book).objects.get(business=business)
    events = PeriodEvent.objects.filter(business=business).select_related("actor")
    today = timezone.localdate()
    last_month = today.replace(day=1) - timedelta(days=1)
    year = year_of(today, business.tax_person.year_ends_month)
    context: dict[str, Any] = {
        "business": business,
        "book": book,
        "events": events.order_by("-number")[:MOST_EVENTS],
        "may": {name: reader.may(one.ability, business.pk) for name, one in _named().items()},
        "sees": reader.may(Ability.SEE_BOOKS, business.pk),
        "next_day": _next_day(book.closed_through, today),
        "last_month": last_month,
        "year_end": year.from_on - timedelta(days=1),
        "deed": deed,
        "fields": fields or {},
        "refusal": refusal,
    }
    return render(request, "money/periods.html", context, status=422 if refusal else 200)


def _named() -> dict[str, Deed]:
    """Return the deeds by names that a template can look up."""
    return {name.replace("-", "_"): one for name, one in DEEDS.items()}


def _next_day(closed_through: date | None, today: date) -> date:
    """Return the day that one most likely closes: the first open one, at the latest today."""
    if closed_through is None:
        return today
    return min(closed_through + timedelta(days=1), today)


@opened_by(*INSIDE)
@require_GET
def day(request: HttpRequest, reader: Reader, slug: str, day: str) -> HttpResponse:
    """Show the document of a day, to be printed or kept."""
    business, the_day = _day_of(reader, slug, day)
    context = {
        "business": business,
        "document": day_document(business=business, day=the_day),
        "sees": reader.may(Ability.SEE_BOOKS, business.pk),
        "closes": reader.may(Ability.CLOSE_DAYS, business.pk),
        "has_address": bool(owner_addresses(business)),
        "before": the_day - timedelta(days=1),
        "after": the_day + timedelta(days=1),
        "today": timezone.localdate(),
    }
    return render(request, "money/day.html", context)


@opened_by(*INSIDE)
@require_GET
def day_text(request: HttpRequest, reader: Reader, slug: str, day: str) -> HttpResponse:
    """Hand out the document of a day as plain text."""
    business, the_day = _day_of(reader, slug, day)
    text = text_of(day_document(business=business, day=the_day))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _day_of(reader: Reader, slug: str, text: str) -> tuple[Business, date]:
    business = reader.business(slug, *INSIDE)
    try:
        return business, read_day(text)
    except BadDay as refusal:
        raise Http404(str(refusal)) from refusal
