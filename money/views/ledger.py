"""The account statement, to which every figure leads, and the general ledger, page by page."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from money.access import Ability
from money.forms.days import BadDay, read_period, read_period_since_ever
from money.models import Account, Business, TaxClass
from money.report import EVER, NO_LETTER, Period, account_and_part
from money.snapshot import snapshot
from money.statements import BadCursor, Page, account_statement, general_ledger
from money.views.doors import Reader, opened_by
from money.views.statements import asking, named_days
from money.views.tables import shown

ROWS_OF_A_LEDGER = 200
MOST_CODES = 1_000
LETTERS = {**dict(TaxClass.choices), NO_LETTER: "none"}


class UnknownName(ValueError):
    """The address names an account or a tax letter that there is not; the message says which."""


REFUSALS = (BadCursor, BadDay, UnknownName)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def account(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show the lines of some accounts with a running balance: what a figure is made of."""
    businesses = reader.businesses(request.GET.getlist("b"))
    codes = request.GET.getlist("code")
    accounts = _accounts(businesses)
    context = asking(request.GET, reader, businesses) | {
        "title": "Account statement",
        "accounts": accounts,
        "codes": codes,
        "one_code": codes[0] if len(codes) == 1 and not account_and_part(codes[0])[1] else "",
        "together": [" ".join(filter(None, account_and_part(code))) for code in codes],
        "tax": request.GET.get("tax", ""),
    }
    if not codes or codes == [""]:
        return render(request, "money/account.html", context | {"codes": []})
    try:
        period = read_period_since_ever(request.GET, timezone.localdate())
        _refuse_unknown(codes, accounts, context["tax"])
        page = _statement(businesses, codes, period, context["tax"], request.GET.get("after"))
    except REFUSALS as refusal:
        return render(request, "money/account.html", context | {"refusal": refusal}, status=400)
    context |= _paged(request.GET, page, businesses) | _days(period)
    context["letters"] = ", ".join(LETTERS[letter] for letter in context["tax"])
    return render(request, "money/account.html", context)


@opened_by(Ability.SEE_BOOKS)
@require_GET
def ledger(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show every account that moved in a period, with its lines."""
    businesses = reader.businesses(request.GET.getlist("b"))
    context = asking(request.GET, reader, businesses) | {"title": "General ledger"}
    try:
        period = read_period(request.GET, timezone.localdate())
        with snapshot():
            page = general_ledger(
                businesses=businesses,
                period=period,
                after=request.GET.get("after"),
                limit=ROWS_OF_A_LEDGER,
            )
    except REFUSALS as refusal:
        return render(request, "money/ledger.html", context | {"refusal": refusal}, status=400)
    context |= _paged(request.GET, page, businesses) | _days(period)
    return render(request, "money/ledger.html", context)


def _statement(
    businesses: Sequence[Business],
    codes: Sequence[str],
    period: Period,
    tax: str,
    after: str | None,
) -> Page:
    with snapshot():
        return account_statement(
            businesses=businesses, codes=codes, period=period, letters=tax, after=after
        )


def _accounts(businesses: Sequence[Business]) -> list[tuple[str, str]]:
    """Return (code, name) of the accounts of these businesses, each code once."""
    rows = Account.objects.filter(business__in=businesses).order_by("code", "business_id")
    names: dict[str, str] = {}
    for code, name in rows.values_list("code", "name"):
        names.setdefault(code, name)
    return list(names.items())


def _refuse_unknown(codes: Sequence[str], accounts: list[tuple[str, str]], tax: str) -> None:
    if len(codes) > MOST_CODES:
        raise UnknownName(f"{len(codes)} accounts are too many for one page: {MOST_CODES} fit.")
    known = {code for code, _ in accounts}
    if missing := [code for code in codes if account_and_part(code)[0] not in known]:
        raise UnknownName(f"There is no account {missing[0][:12]} in these businesses.")
    if len(tax) > len(LETTERS) or not set(tax) <= LETTERS.keys():
        raise UnknownName("There is no such tax letter: A, B, C, D and E there are.")


def _days(period: Period) -> dict[str, str]:
    """Return the days as the form holds them: no first day where it is everything."""
    days = named_days(period)
    return days if period.from_on > EVER else days | {"from_text": ""}


def _paged(fields: Mapping[str, Any], page: Page, businesses: Sequence[Business]) -> dict[str, Any]:
    """Return the table, and the addresses of the pages beside this one."""
    return {
        "table": shown(page.report, [business.slug for business in businesses]),
        "later": _address(fields, page.next_cursor),
        "earlier": _address(fields, page.previous_cursor),
    }


def _address(fields: Mapping[str, Any], cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = [
        (name, value)
        for name, values in fields.lists()  # type: ignore[attr-defined] # a QueryDict
        for value in values
        if name != "after"
    ]
    return "?" + urlencode([*kept, ("after", cursor)])
