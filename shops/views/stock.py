"""The stock's pages: what lies there, how a product is counted, what is lost."""

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from money.access import Ability
from money.cents import format_quantity
from money.chart import accounts_beside
from money.models import Business
from money.snapshot import snapshot
from shops.actions.drawers import DrawerRefused
from shops.actions.items import BadStock, keep_count_of, write_off
from shops.models import LossReason, Product, StockItem
from shops.queries import stock as queries
from shops.queries.batches import first_days
from shops.stock_forms import BadForm, read_day, read_key, read_quantity, read_reorder
from shops.views.doors import View, fields_of, for_those_who, may, stored, user_of

REFUSALS = (BadForm, BadStock, DrawerRefused)
# Who sells may see what is left; what it cost, and who is owed for it, is not the counter's.
for_seers = for_those_who(Ability.SEE_STOCK)
for_cost_seers = for_those_who(Ability.KEEP_STOCK, Ability.SEE_BOOKS)


def for_keepers(view: View) -> View:
    """Let in who keeps the stock of the business; who only sees it is refused."""

    @for_seers
    @wraps(view)
    def guarded(request: HttpRequest, business: Business, **kwargs: Any) -> HttpResponse:
        if not keeps(request, business):
            raise PermissionDenied
        return view(request, business, **kwargs)

    return guarded


def keeps(request: HttpRequest, business: Business) -> bool:
    """Tell whether who asks may change the stock of a business."""
    return may(user_of(request), Ability.KEEP_STOCK, business)


def who_asks(request: HttpRequest, business: Business) -> dict[str, Any]:
    """Return what every page needs: the business, and what of it is for who asks."""
    may_keep = keeps(request, business)
    sees_cost = may_keep or may(user_of(request), Ability.SEE_BOOKS, business)
    return {
        "business": business,
        "keeps": may_keep,
        "sees_cost": sees_cost,
        "sees_counts": sees_cost or may(user_of(request), Ability.SELL, business),
    }


def asked(request: HttpRequest, name: str) -> str:
    """Return a part of the address, as the database can hold it."""
    return stored(request.GET.get(name, ""))[:80]


def act(do: Callable[[], str], request: HttpRequest, business: Business) -> Exception | None:
    """Do one thing and say it; return the refusal instead where it cannot be."""
    if not keeps(request, business):
        raise PermissionDenied
    try:
        messages.success(request, do())
    except REFUSALS as refusal:
        return refusal
    return None


@for_seers
@require_GET
def stock(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what is counted; `?q=` searches, `?low=1` shows what is to be bought."""
    words, only_low = asked(request, "q"), bool(asked(request, "low"))
    with snapshot():
        found = queries.stock_of(
            business, words=words, only_low=only_low, page=asked(request, "page")
        )
    _with_first_days(found.page)
    context = who_asks(request, business) | {
        "stock": found,
        "words": words,
        "only_low": only_low,
    }
    return render(request, "shops/stock/stock.html", context)


def _with_first_days(items: Iterable[StockItem]) -> None:
    """Add the best-before day that items warn of, and whether it is over."""
    today, found = timezone.localdate(), list(items)
    days = first_days(item for item in found if item.keeps_batches)
    for item in found:
        day = days.get(item.pk)
        is_near = day is not None and day <= today + timedelta(days=item.warn_days)
        setattr(item, "first_day", day if is_near else None)  # noqa: B010 for the page alone
        setattr(item, "first_day_is_over", is_near and day is not None and day < today)  # noqa: B010


@for_keepers
@require_GET
def uncounted(request: HttpRequest, business: Business) -> HttpResponse:
    """Show products that are sold and not counted, each leading to its settings."""
    words = asked(request, "q")
    page = queries.uncounted(business, words=words, page=asked(request, "page"))
    context = who_asks(request, business) | {"page": page, "words": words}
    return render(request, "shops/stock/uncounted.html", context)


@for_seers
@require_http_methods(["GET", "POST"])
def item(
    request: HttpRequest,
    business: Business,
    product_id: int,
    refused: Exception | None = None,
) -> HttpResponse:
    """Show how a product is counted and its last moves; POST changes how.

    `refused` is what another form of the page was refused for.
    """
    product = get_object_or_404(Product, pk=product_id, business=business)
    refusal = refused
    if request.method == "POST" and not refused:
        refusal = act(lambda: _keep(request, product), request, business)
        if refusal is None:
            return redirect("stock:item", business.slug, product.pk)
    counted = queries.item_of(business, product.pk)
    moves = list(queries.moves_of(counted)) if counted else []
    context = who_asks(request, business) | {
        "product": product,
        "item": counted,
        "levels": list(queries.levels_of(counted)) if counted else [],
        "moves": moves,
        "opens": counted is not None and not moves,
        "typed": fields_of(request) if refused else {},
        "today": timezone.localdate(),
        "key": fields_of(request).get("key") or uuid.uuid4().hex,
        "stock_accounts": queries.stock_accounts(business),
        "cost_accounts": queries.cost_accounts(business),
        "fields": _item_fields(request, product, counted, is_sent=not refused),
        "refusal": refusal,
    }
    return render(request, "shops/stock/item.html", context, status=422 if refusal else 200)


def _item_fields(
    request: HttpRequest, product: Product, counted: StockItem | None, *, is_sent: bool
) -> dict[str, str]:
    """Return what the settings' form shows: what was sent, what is kept, or what fits."""
    if request.method == "POST" and is_sent:
        return fields_of(request)
    if counted is None:
        stock_code, cost_code = accounts_beside(product.sales_account)
        return {"stock": stock_code, "cost": cost_code, "reorder": "", "negative": ""}
    return {
        "stock": counted.stock_account,
        "cost": counted.cost_account,
        "reorder": format_quantity(counted.reorder_milli) if counted.reorder_milli else "",
        "negative": "yes" if counted.allows_negative else "",
    }


def _keep(request: HttpRequest, product: Product) -> str:
    fields = fields_of(request)
    keep_count_of(
        product=product,
        stock_account=fields.get("stock", ""),
        cost_account=fields.get("cost", ""),
        reorder_milli=read_reorder(fields.get("reorder", "")),
        allows_negative=fields.get("negative") == "yes",
        by=user_of(request),
    )
    return f"{product} is counted like this now."


@for_cost_seers
@require_http_methods(["GET", "POST"])
def losses(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what was lost lately; POST writes a loss off."""
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _write_off(request, business), request, business)
        if refusal is None:
            return redirect("stock:losses", business.slug)
    context = who_asks(request, business) | {
        "losses": queries.losses_of(business),
        "names": queries.names_of(business),
        "reasons": LossReason.choices,
        "fields": fields_of(request) | {"item": _typed(request)},
        "refusal": refusal,
        "today": timezone.localdate(),
        "key": uuid.uuid4().hex if refusal is None else fields_of(request).get("key", ""),
    }
    return render(request, "shops/stock/losses.html", context, status=422 if refusal else 200)


def _typed(request: HttpRequest) -> str:
    """Return the product that a form or the address names."""
    if request.method == "POST":
        return fields_of(request).get("item", "")
    return asked(request, "item")


def _write_off(request: HttpRequest, business: Business) -> str:
    fields, now = fields_of(request), timezone.now()
    found = item_called(business, fields.get("item", ""))
    loss = write_off(
        item=found,
        quantity_milli=read_quantity(fields.get("qty", ""), of=str(found)),
        reason=fields.get("reason", ""),
        note=fields.get("note", "").strip(),
        lost_on=read_day(fields.get("day", ""), timezone.localdate(now)),
        key=read_key(fields),
        by=user_of(request),
        now=now,
    )
    return f"{loss} is written off."


def item_called(business: Business, text: str) -> StockItem:
    """Return the counted product that was typed. Raises BadForm where none or several could be."""
    found = queries.items_called(business, text) if text.strip() else []
    if not found:
        raise BadForm(f"No counted product is called {text.strip()!r}. Choose one of the list.")
    if len(found) > 1:
        raise BadForm(f"{text.strip()!r} could be {found[0]} or {found[1]}. Write more of it.")
    return found[0]
