"""Pages of batches: what expires first, what is past its day, and what to do about it."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.models import Business
from shops.actions.batches import keep_batches, name_pieces, release_batch, write_off_expired
from shops.models import Batch, BatchLevel, Product, StockItem
from shops.queries import batches as queries
from shops.stock_forms import BadForm, read_day, read_key, read_quantity
from shops.views.doors import fields_of, user_of
from shops.views.stock import act, asked, for_keepers, for_seers, who_asks


@for_seers
@require_GET
def batches(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what lies of each batch, what expires first; `?soon=1` shows what is warned of."""
    words, only_soon, today = asked(request, "q"), asked(request, "soon"), timezone.localdate()
    near = queries.near_of([business], today).get(business.pk, [])
    page = queries.batches_of(business, words=words, page=asked(request, "page"))
    context = who_asks(request, business) | {
        "rows": near if only_soon else queries.seen_on(page, today),
        "page": None if only_soon else page,
        "near": near,
        "only_soon": only_soon,
        "words": words,
        "key": uuid.uuid4().hex,
    }
    return render(request, "shops/stock/batches.html", context)


@for_seers
@require_http_methods(["GET", "POST"])
def item_batches(request: HttpRequest, business: Business, item_id: int) -> HttpResponse:
    """Show the batches of an item and their last moves; POST keeps them, or warns earlier."""
    # By the product: a key that is another's refuses no number that SQLite cannot hold.
    product = get_object_or_404(Product, pk=item_id, business=business)
    item = get_object_or_404(StockItem, product=product)
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _keep(request, item), request, business)
        if refusal is None:
            return redirect("stock:item_batches", business.slug, item.pk)
    return _show(request, business, item, refusal)


@for_keepers
@require_POST
def name(request: HttpRequest, business: Business, level_id: int) -> HttpResponse:
    """Say of which batch pieces are."""
    level = get_object_or_404(BatchLevel, pk=level_id, batch__item__product__business=business)
    return _do(request, business, level.batch.item, lambda: _name(request, business, level))


@for_keepers
@require_POST
def release(request: HttpRequest, business: Business, batch_id: int) -> HttpResponse:
    """Let a batch be sold after its day."""
    batch = get_object_or_404(Batch, pk=batch_id, item__product__business=business)

    def do() -> str:
        release_batch(
            batch_id=batch.pk,
            business=business,
            reason=fields_of(request).get("reason", ""),
            by=user_of(request),
            now=timezone.now(),
        )
        return f"{batch.item}, {batch}: it may be sold."

    return _do(request, business, batch.item, do)


@for_keepers
@require_POST
def write_off(request: HttpRequest, business: Business, level_id: int) -> HttpResponse:
    """Write off what is free of an expired batch, in one press."""
    level = get_object_or_404(BatchLevel, pk=level_id, batch__item__product__business=business)

    def do() -> str:
        loss = write_off_expired(
            batch_level_id=level.pk,
            business=business,
            key=read_key(fields_of(request)),
            by=user_of(request),
            now=timezone.now(),
        )
        return f"{loss} is written off."

    return _do(request, business, level.batch.item, do)


def _do(
    request: HttpRequest, business: Business, item: StockItem, do: Callable[[], str]
) -> HttpResponse:
    refusal = act(do, request, business)
    if refusal is not None:
        return _show(request, business, item, refusal)
    if fields_of(request).get("back") == "all":
        return redirect("stock:batches", business.slug)
    return redirect("stock:item_batches", business.slug, item.pk)


def _show(
    request: HttpRequest, business: Business, item: StockItem, refusal: Exception | None
) -> HttpResponse:
    item.refresh_from_db()
    context = who_asks(request, business) | {
        "item": item,
        "product": item.product,
        "rows": queries.of_item(item, timezone.localdate()),
        "moves": queries.moves_of_batches(item),
        "fields": fields_of(request),
        "refusal": refusal,
        "key": uuid.uuid4().hex,
    }
    status = 422 if refusal else 200
    return render(request, "shops/stock/item_batches.html", context, status=status)


def _keep(request: HttpRequest, item: StockItem) -> str:
    text = fields_of(request).get("warn", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4):  # noqa: PLR2004
        raise BadForm("Write how many days before to warn, such as 14.")
    keep_batches(item=item, warn_days=int(text), by=user_of(request), now=timezone.now())
    return f"{item}: a warning comes {text} days before the best-before day."


def _name(request: HttpRequest, business: Business, level: BatchLevel) -> str:
    fields = fields_of(request)
    text = fields.get("day", "").strip()
    day = read_day(text, timezone.localdate()) if text else None
    batch = name_pieces(
        batch_level_id=level.pk,
        business=business,
        quantity_milli=read_quantity(fields.get("qty", ""), of=str(level.batch.item)),
        code=fields.get("code", ""),
        best_before=day,
        key=read_key(fields),
        by=user_of(request),
        now=timezone.now(),
    )
    return f"Kept as {batch}."
