"""The front page of the books: how each business stands, and the way to every statement."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from money.access import Ability
from money.forms.days import quick_periods
from money.models import Business, TaxPerson
from money.queries import journals_waiting
from money.statements import STATEMENTS
from money.views.doors import INSIDE, Reader, opened_by


@opened_by(*INSIDE)
@require_GET
def front(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show how each business stands, and lead to its statements, journals and periods."""
    today = timezone.localdate()
    seen = reader.where(Ability.SEE_BOOKS)
    closed_by = [b for b in reader.where(Ability.CLOSE_DAYS) if b not in seen]
    everywhere = sorted([*seen, *closed_by], key=lambda business: business.name)
    waiting = journals_waiting(seen)
    kept = reader.where(Ability.KEEP_BOOKS)
    context = {
        "today": today,
        "rows": [
            {
                "business": business,
                "waiting": waiting.get(business.pk, 0),
                "sees": business in seen,
                "closes": reader.may(Ability.CLOSE_DAYS, business.pk),
                "sees_cash": reader.may(Ability.SEE_CASH, business.pk),
            }
            for business in everywhere
        ],
        "statements": [(name, one.title) for name, one in STATEMENTS.items()] if seen else [],
        "quick": quick_periods(today, seen[0].tax_person.year_ends_month) if seen else [],
        "vat": [(person, _months_before(today)) for person in persons_of(seen)],
        "keeps": kept,
        "moves": len(kept) > 1,
        "waiting": sum(waiting.values()),
    }
    return render(request, "money/front.html", context)


def persons_of(businesses: Sequence[Business]) -> list[TaxPerson]:
    """Return the tax persons of these businesses, each once, in the order of the businesses."""
    return list(dict.fromkeys(business.tax_person for business in businesses))


def _months_before(today: date) -> list[date]:
    """Return the first days of this month and the two before it."""
    first = today.replace(day=1)
    last = (first - timedelta(days=1)).replace(day=1)
    return [first, last, (last - timedelta(days=1)).replace(day=1)]
