"""Move money between two businesses of one owner."""

import uuid
from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from money.access import Ability
from money.actions.posting import KeyTaken, NoBook, UnknownAccount
from money.actions.transfers import BadTransfer, move_between
from money.chart import CASH_CODES, parent_of
from money.drafts import Posted, TooLong, Unbalanced
from money.forms.between import BadMove, read_move
from money.forms.days import BadDay
from money.models import Account, Business
from money.views.doors import Reader, fields_of, opened_by

REFUSALS = (
    BadDay,
    BadMove,
    BadTransfer,
    KeyTaken,
    NoBook,
    TooLong,
    Unbalanced,
    UnknownAccount,
)


@opened_by(Ability.KEEP_BOOKS)
@require_http_methods(["GET", "POST"])
def between(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Take money out of one business and put it into another, in both books or in none."""
    kept = reader.where(Ability.KEEP_BOOKS)
    if request.method == "GET":
        fields = {"day": timezone.localdate().isoformat(), "key": uuid.uuid4().hex}
        return _page(request, kept, fields)
    fields = fields_of(request)
    try:
        given, _ = _move(reader, fields)
    except REFUSALS as refusal:
        if isinstance(refusal, KeyTaken):
            fields["key"] = uuid.uuid4().hex
        return _page(request, kept, fields, refusal)
    messages.success(request, "Moved: it stands in both books. This is where the money came from.")
    return redirect("money:entry", given.entry_id)


def _move(reader: Reader, fields: Mapping[str, str]) -> tuple[Posted, Posted]:
    move = read_move(fields)
    kept = {business.slug: business for business in reader.where(Ability.KEEP_BOOKS)}
    if move.giver not in kept or move.taker not in kept:
        raise PermissionDenied
    return move_between(
        giver=kept[move.giver],
        taker=kept[move.taker],
        giver_code=move.giver_code,
        taker_code=move.taker_code,
        cents=move.cents,
        occurred_on=move.day,
        description=move.description,
        key=move.key,
        actor=reader.user,
        posted_at=timezone.now(),
    )


def _page(
    request: HttpRequest,
    kept: list[Business],
    fields: Mapping[str, str],
    refusal: Exception | None = None,
) -> HttpResponse:
    accounts = Account.objects.filter(business__in=kept, code__startswith="1").order_by("code")
    cash = [account for account in accounts if parent_of(account.code) in CASH_CODES]
    groups = [
        (business, [account for account in cash if account.business_id == business.pk])
        for business in kept
    ]
    context = {"groups": groups, "fields": fields, "refusal": refusal, "alone": len(kept) < 2}  # noqa: PLR2004
    return render(request, "money/between.html", context, status=422 if refusal else 200)
