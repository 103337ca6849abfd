"""The statements, and the VAT return: a form above, a Report below, every figure a link."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from money.access import Ability
from money.actions.transfers import related_to
from money.forms.days import BadDay, quick_periods, read_month, read_period
from money.models import Business, TaxPerson
from money.report import BadPeriod, Period, Report
from money.snapshot import snapshot
from money.statements import STATEMENTS
from money.statements.vat import vat_return
from money.views.doors import Reader, opened_by
from money.views.tables import shown


@opened_by(Ability.SEE_BOOKS)
@require_GET
def statement(request: HttpRequest, reader: Reader, name: str) -> HttpResponse:
    """Show a statement of one business, several or all, for a period."""
    if name not in STATEMENTS:
        raise Http404
    businesses = reader.businesses(request.GET.getlist("b"))
    today, beside = timezone.localdate(), bool(request.GET.get("beside"))
    context = asking(request.GET, reader, businesses) | {"name": name, "beside": beside}
    context["title"] = STATEMENTS[name].title
    try:
        period = read_period(request.GET, today)
        report = _report(name, reader, businesses, period, beside=beside)
    except (BadDay, BadPeriod) as refusal:
        return render(request, "money/statement.html", context | {"refusal": refusal}, status=400)
    context |= named_days(period) | {"table": shown(report, [b.slug for b in businesses])}
    return render(request, "money/statement.html", context)


def _report(
    name: str, reader: Reader, businesses: list[Business], period: Period, *, beside: bool
) -> Report:
    with snapshot():
        # What businesses owe each other cancels out where all that could are shown.
        shown_ids = {business.pk for business in businesses}
        is_everything = len(shown_ids) == len(reader.where(Ability.SEE_BOOKS)) and (
            related_to(businesses) == shown_ids
        )
        return STATEMENTS[name].build(
            businesses=businesses,
            period=period,
            beside=beside,
            is_everything=is_everything,
        )


def asking(fields: Mapping[str, str], reader: Reader, businesses: list[Business]) -> dict[str, Any]:
    """Return what the form above a report needs: the choices, and what was typed."""
    all_seen = reader.where(Ability.SEE_BOOKS)
    year_ends = (businesses or all_seen)[0].tax_person.year_ends_month
    kept = [("b", b.slug) for b in businesses] if len(businesses) < len(all_seen) else []
    if fields.get("beside"):
        kept.append(("beside", "1"))
    return {
        "choices": [(business, business in businesses) for business in all_seen],
        "from_text": fields.get("from", ""),
        "to_text": fields.get("to", ""),
        "quick": [
            (one.name, urlencode([*kept, *_query_of(one.period)]))
            for one in quick_periods(timezone.localdate(), year_ends)
        ],
    }


def named_days(period: Period) -> dict[str, str]:
    """Return the two days of a period as a form holds them."""
    return {"from_text": period.from_on.isoformat(), "to_text": period.to_on.isoformat()}


def _query_of(period: Period) -> list[tuple[str, str]]:
    return [("from", period.from_on.isoformat()), ("to", period.to_on.isoformat())]


@opened_by(Ability.SEE_BOOKS)
@require_GET
def vat_due(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Lead to the VAT return of the last month, of the first tax person that one sees whole."""
    before = timezone.localdate().replace(day=1) - timedelta(days=1)
    for person in dict.fromkeys(b.tax_person for b in reader.where(Ability.SEE_BOOKS)):
        if _seen_whole(reader, person):
            return redirect("money:vat", person.pk, f"{before:%Y-%m}")
    messages.info(request, "A VAT return is for who sees all businesses of a tax person.")
    return redirect("money:front")


def _seen_whole(reader: Reader, person: TaxPerson) -> list[Business]:
    """Return all businesses of a tax person by name, none where one is hidden."""
    seen = {business.pk for business in reader.where(Ability.SEE_BOOKS)}
    businesses = list(person.businesses.order_by("name"))
    return businesses if seen.issuperset(business.pk for business in businesses) else []


@opened_by(Ability.SEE_BOOKS)
@require_GET
def vat(request: HttpRequest, reader: Reader, person_id: int, month: str) -> HttpResponse:
    """Show the VAT return of a tax person for a month, to who sees all businesses of it."""
    person = get_object_or_404(TaxPerson, pk=person_id)
    businesses = _seen_whole(reader, person)
    if not businesses:
        raise Http404
    try:
        first = read_month(month)
    except BadDay as refusal:
        raise Http404(str(refusal)) from refusal
    with snapshot():
        report = vat_return(tax_person=person, month=first)
    context = {
        "person": person,
        "month": first,
        "table": shown(report, [business.slug for business in businesses]),
        "before": _month(person, first - timedelta(days=1)),
        "after": _month(person, first + timedelta(days=31)),
    }
    return render(request, "money/vat.html", context)


def _month(person: TaxPerson, day: date) -> dict[str, Any]:
    return {"day": day, "address": reverse("money:vat", args=[person.pk, f"{day:%Y-%m}"])}
