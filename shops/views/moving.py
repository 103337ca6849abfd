"""Pages of places and of goods that are carried from one to another; and the first count of all."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from money.access import Ability, businesses_for
from money.forms.fields import id_of
from money.models import Business
from shops.actions.levels import counter_of
from shops.actions.opening import add_place, open_stock
from shops.actions.transfers import Carried, transfer_goods
from shops.models import Location, Product, StockItem
from shops.queries import stock as queries
from shops.stock_forms import (
    BadForm,
    TypedCarry,
    read_amount,
    read_day,
    read_key,
    read_quantity,
    typed_carries,
)
from shops.views.doors import fields_of, user_of
from shops.views.stock import act, asked, for_cost_seers, for_keepers, item_called, who_asks
from shops.views.stock import item as item_page


@for_cost_seers
@require_http_methods(["GET", "POST"])
def places(request: HttpRequest, business: Business) -> HttpResponse:
    """Show where goods lie and what was carried lately; POST adds a place."""
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _add(request, business), request, business)
        if refusal is None:
            return redirect("stock:places", business.slug)
    counter_of(business)
    context = who_asks(request, business) | {
        "places": queries.places_of(business),
        "targets": _targets(request, business),
        "transfers": queries.transfers_of(business),
        "fields": fields_of(request),
        "refusal": refusal,
    }
    return render(request, "shops/stock/places.html", context, status=422 if refusal else 200)


def _add(request: HttpRequest, business: Business) -> str:
    name = fields_of(request).get("name", "")
    place = add_place(business=business, name=name, by=user_of(request))
    return f"Goods may lie at {place} now."


def _targets(request: HttpRequest, business: Business) -> list[Location]:
    """Return the places that goods may be carried to: of businesses whose stock one keeps too."""
    mine = businesses_for(user_of(request), Ability.KEEP_STOCK)
    mine = mine.filter(tax_person=business.tax_person)
    # A business that has no place yet has its counter.
    for other in mine.filter(locations=None):
        counter_of(other)
    return queries.places_in(mine, first=business)


@for_keepers
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the form of what is carried between the two places of the address; POST carries it."""
    if not request.GET.get("from"):
        return redirect("stock:places", business.slug)
    source, target = _place(request, business, "from"), _place(request, business, "to")
    fields = fields_of(request)
    lines, refusal = typed_carries(fields), None
    if request.method == "POST":
        refusal = act(lambda: _move(request, source, target, lines), request, business)
        if refusal is None:
            return redirect("stock:places", business.slug)
    is_within = target.business_id == business.pk
    context = who_asks(request, business) | {
        "source": source,
        "target": target,
        "is_within": is_within,
        "lines": lines,
        "names": queries.names_of(business),
        "names_there": () if is_within else queries.names_of(target.business),
        "fields": fields,
        "today": timezone.localdate(),
        "refusal": refusal,
        "key": fields.get("key") or uuid.uuid4().hex,
    }
    return render(request, "shops/stock/move.html", context, status=422 if refusal else 200)


def _place(request: HttpRequest, business: Business, name: str) -> Location:
    """Return a place of the address; out of another business only where one keeps its stock."""
    rows = Location.objects.select_related("business__tax_person")
    if name == "from":
        rows = rows.filter(business=business)
    else:
        rows = rows.filter(business__in=businesses_for(user_of(request), Ability.KEEP_STOCK))
    return get_object_or_404(rows, pk=id_of(asked(request, name)))


def _move(request: HttpRequest, source: Location, target: Location, lines: list[TypedCarry]) -> str:
    fields, now = fields_of(request), timezone.now()
    transfer_goods(
        from_location=source,
        to_location=target,
        lines=[_carried(source, target, line) for line in lines if not line.is_empty],
        moved_on=read_day(fields.get("day", ""), timezone.localdate(now)),
        note=fields.get("note", ""),
        key=read_key(fields),
        by=user_of(request),
        now=now,
    )
    return f"Carried from {source} to {queries.named_place(target, source.business)}."


def _carried(source: Location, target: Location, line: TypedCarry) -> Carried:
    item = item_called(source.business, line.name)
    milli = read_quantity(line.quantity, of=line.name)
    if source.business_id == target.business_id:
        return Carried(item, item, milli)
    there = line.name_there or item.product.name
    try:
        return Carried(item, item_called(target.business, there), milli)
    except BadForm as refusal:
        raise BadForm(f"{item}, in {target.business}: {refusal}") from refusal


@for_keepers
@require_POST
def opening(request: HttpRequest, business: Business, product_id: int) -> HttpResponse:
    """Write what lay of a product at the beginning."""
    product = get_object_or_404(Product, pk=product_id, business=business)
    refusal = act(lambda: _open(request, product), request, business)
    if refusal is None:
        return redirect("stock:item", business.slug, product.pk)
    return item_page(request, business.slug, product_id=product_id, refused=refusal)


def _open(request: HttpRequest, product: Product) -> str:
    fields, now = fields_of(request), timezone.now()
    item = StockItem.objects.filter(product=product).select_related("product__business").first()
    if item is None:
        raise BadForm(f"{product} is not counted yet. Say below how it is counted.")
    opened = open_stock(
        item=item,
        quantity_milli=read_quantity(fields.get("qty", ""), of=str(item)),
        value_cents=read_amount(fields.get("cost", ""), of="What all of it cost"),
        counted_on=read_day(fields.get("day", ""), timezone.localdate(now)),
        key=read_key(fields),
        by=user_of(request),
        now=now,
    )
    return f"{opened}."
