"""Pages of what is made of what, and of what stands on one tile of the counter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from money.cents import format_quantity
from money.chart import accounts_beside
from money.forms.fields import id_of
from money.models import Business
from shops.actions.families import leave_family, put_in_family
from shops.actions.recipes import MOST_PARTS, set_recipe
from shops.models import Product, Recipe
from shops.queries import recipes as queries
from shops.queries import stock as stock_queries
from shops.stock_forms import BadForm, read_quantity
from shops.views.doors import fields_of, user_of
from shops.views.stock import act, asked, for_keepers, for_seers, item_called, who_asks

EMPTY_PARTS = 4


@for_seers
@require_GET
def recipes(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what is made of what, and how much of it the counter's stock is enough for."""
    words = asked(request, "q")
    page, made = queries.recipes_of(business, words=words, page=asked(request, "page"))
    context = who_asks(request, business) | {
        "page": page,
        "made": made,
        "words": words,
        "names": queries.product_names(business),
    }
    return render(request, "shops/stock/recipes.html", context)


@for_keepers
@require_http_methods(["GET", "POST"])
def recipe(request: HttpRequest, business: Business, product_id: int) -> HttpResponse:
    """Show what a product is made of; POST changes it, or takes the recipe off."""
    product = get_object_or_404(Product, pk=product_id, business=business)
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _set(request, product), request, business)
        if refusal is None:
            return redirect("stock:recipes", business.slug)
    kept = queries.recipe_of(product)
    made = queries.made_of([kept])[0] if kept else None
    context = who_asks(request, business) | {
        "product": product,
        "made": made,
        "lines": _lines(fields_of(request), made),
        "fields": _fields(request, product, kept),
        "cost_accounts": stock_queries.cost_accounts(business),
        "names": stock_queries.names_of(business),
        "refusal": refusal,
    }
    return render(request, "shops/stock/recipe.html", context, status=422 if refusal else 200)


@for_keepers
@require_GET
def find(request: HttpRequest, business: Business) -> HttpResponse:
    """Lead to the recipe of the product that was typed."""
    try:
        product = _product_called(business, asked(request, "product"))
    except BadForm as refusal:
        messages.warning(request, str(refusal))
        return redirect("stock:recipes", business.slug)
    return redirect("stock:recipe", business.slug, product.pk)


def _lines(fields: dict[str, str], made: queries.Made | None) -> list[tuple[str, str]]:
    """Return (item, quantity) of the form's lines, as sent or as kept, with empty ones."""
    if fields:
        typed = [(fields.get(f"item-{n}", ""), fields.get(f"qty-{n}", "")) for n in range(_count())]
        while len(typed) > EMPTY_PARTS and not any(typed[-1]):
            typed.pop()
        return typed
    parts = made.parts if made else []
    kept = [(str(part.item), format_quantity(part.quantity_milli)) for part in parts]
    return kept + [("", "")] * EMPTY_PARTS


def _count() -> int:
    return MOST_PARTS + EMPTY_PARTS


def _fields(request: HttpRequest, product: Product, kept: Recipe | None) -> dict[str, str]:
    if request.method == "POST":
        return fields_of(request)
    if kept is None:
        return {"cost": accounts_beside(product.sales_account)[1], "back": ""}
    return {"cost": kept.cost_account, "back": "yes" if kept.comes_back else ""}


def _set(request: HttpRequest, product: Product) -> str:
    fields = fields_of(request)
    parts: dict[int, int] = {}
    for n in range(_count()):
        name, quantity = fields.get(f"item-{n}", "").strip(), fields.get(f"qty-{n}", "").strip()
        if not name and not quantity:
            continue
        item = item_called(product.business, name)
        if item.pk in parts:
            raise BadForm(f"{item} stands there twice. Write it once, with the sum.")
        parts[item.pk] = read_quantity(quantity, of=str(item))
    made = set_recipe(
        product=product,
        parts=parts,
        cost_account=fields.get("cost", ""),
        comes_back=fields.get("back") == "yes",
        by=user_of(request),
        now=timezone.now(),
    )
    return f"{product} is made like this now." if made else f"{product} has no recipe any more."


@for_seers
@require_http_methods(["GET", "POST"])
def families(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what stands on one tile together; POST puts a product there, or takes it away."""
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _join_or_leave(request, business), request, business)
        if refusal is None:
            return redirect("stock:families", business.slug)
    context = who_asks(request, business) | {
        "families": queries.families_of(business),
        "names": queries.product_names(business),
        "fields": fields_of(request),
        "refusal": refusal,
    }
    return render(request, "shops/stock/families.html", context, status=422 if refusal else 200)


def _join_or_leave(request: HttpRequest, business: Business) -> str:
    fields, by = fields_of(request), user_of(request)
    leaving = fields.get("leave", "")
    if leaving:
        product = get_object_or_404(Product, pk=id_of(leaving), business=business)
        leave_family(product=product, by=by)
        return f"{product} stands on a tile of its own."
    product = _product_called(business, fields.get("product", ""))
    family = put_in_family(
        product=product, family=fields.get("family", ""), variant=fields.get("variant", ""), by=by
    )
    return f"{product} is one of {family} now."


def _product_called(business: Business, text: str) -> Product:
    found = queries.products_called(business, text) if text.strip() else []
    if not found:
        raise BadForm(f"Nothing on sale is called {text.strip()!r}. Choose one of the list.")
    if len(found) > 1:
        raise BadForm(f"{text.strip()!r} could be {found[0]} or {found[1]}. Write more of it.")
    return found[0]
