"""Pages of what is bought: receiving goods on an invoice, suppliers and paying them."""

import uuid
from datetime import date, datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from money.cents import format_shillings, vat_part
from money.models import Business, TaxClass
from money.queries import is_vat_registered, tax_rates_on
from shops.actions.purchases import (
    PAYING_CODES,
    Bought,
    add_supplier,
    pay_supplier,
    receive_goods,
    take_back,
)
from shops.actions.supplier_cash import buy_for_cash, pay_from_drawer
from shops.actions.supplier_returns import GoesBack, send_back
from shops.models import Purchase, Supplier, SupplierPayment
from shops.queries import purchases as of_purchases
from shops.queries import stock as queries
from shops.stock_forms import (
    TypedLine,
    read_amount,
    read_day,
    read_drawer,
    read_goes_back,
    read_key,
    typed_lines,
)
from shops.views.doors import fields_of, user_of
from shops.views.stock import act, asked, for_cost_seers, for_keepers, item_called, who_asks


@for_keepers
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the form of an invoice; POST receives its goods, or adds lines to the form."""
    fields = fields_of(request)
    lines, refusal = typed_lines(fields), None
    if fields.get("more"):
        lines += [TypedLine()] * 5
    elif request.method == "POST":
        refusal = act(lambda: _receive(request, business, lines), request, business)
        if refusal is None:
            return redirect("stock:stock", business.slug)
    today = timezone.localdate()
    context = who_asks(request, business) | {
        "lines": lines,
        "letters": TaxClass.choices,
        "names": queries.names_of(business),
        "suppliers": queries.supplier_names(business),
        "payers": queries.accounts_under(business, PAYING_CODES),
        "drawers": of_purchases.open_drawers(business),
        "fields": fields or {"supplier": asked(request, "supplier")},
        "is_vat_registered": is_vat_registered(business.tax_person, today),
        "today": today,
        "refusal": refusal,
        "key": fields.get("key") or uuid.uuid4().hex,
    }
    return render(request, "shops/stock/receive.html", context, status=422 if refusal else 200)


def _receive(request: HttpRequest, business: Business, lines: list[TypedLine]) -> str:
    """Receive what was typed; a supplier that is new is made with it, or not at all."""
    fields, now, by = fields_of(request), timezone.now(), user_of(request)
    bought_on = read_day(fields.get("day", ""), timezone.localdate(now))
    key = read_key(fields)
    bought = _bought(business, lines, bought_on)
    with transaction.atomic():
        supplier = add_supplier(
            business=business, name=fields.get("supplier", ""), kra_pin="", phone="", by=by
        )
        purchase = _bought_of(supplier, bought, bought_on, key, request, now)
    return f"Received for KES {format_shillings(purchase.total_cents)} from {supplier}."


def _bought_of(
    supplier: Supplier,
    bought: list[Bought],
    bought_on: date,
    key: str,
    request: HttpRequest,
    now: datetime,
) -> Purchase:
    """Receive on credit, from an account, or for cash out of an open drawer."""
    fields, by = fields_of(request), user_of(request)
    number, cu_number = fields.get("number", "").strip()[:40], fields.get("cu", "").strip()[:40]
    drawer = read_drawer(fields.get("paid", ""))
    if drawer is not None:
        return buy_for_cash(
            supplier=supplier,
            session_id=drawer,
            number=number,
            cu_invoice_number=cu_number,
            bought_on=bought_on,
            lines=bought,
            key=key,
            by=by,
            now=now,
        )
    return receive_goods(
        supplier=supplier,
        number=number,
        cu_invoice_number=cu_number,
        bought_on=bought_on,
        paid_from=fields.get("paid", ""),
        lines=bought,
        key=key,
        by=by,
        now=now,
    )


def _bought(business: Business, lines: list[TypedLine], bought_on: date) -> list[Bought]:
    """Return lines as they are kept: the amounts typed are what was paid, VAT included."""
    rates_bp, bought = tax_rates_on(bought_on), []
    for line in lines:
        if line.is_empty:
            continue
        item = item_called(business, line.name)
        letter = line.letter or item.product.tax_class
        gross = line.read_amount()
        vat = vat_part(gross, rates_bp.get(letter, 0))
        bought.append(
            Bought(
                item_id=item.pk,
                quantity_milli=line.read_quantity(),
                net_cents=gross - vat,
                vat_cents=vat,
                tax_class=letter,
                batch_code=" ".join(line.batch.split())[:40],
                best_before=line.read_best_before(),
            )
        )
    return bought


@for_cost_seers
@require_http_methods(["GET", "POST"])
def suppliers(request: HttpRequest, business: Business) -> HttpResponse:
    """Show suppliers, who is owed most first; POST adds one."""
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _add(request, business), request, business)
        if refusal is None:
            return redirect("stock:suppliers", business.slug)
    words = asked(request, "q")
    context = who_asks(request, business) | {
        "page": queries.suppliers_of(business, words=words, page=asked(request, "page")),
        "owed_cents": queries.owed_to_suppliers(business),
        "words": words,
        "fields": fields_of(request),
        "refusal": refusal,
    }
    return render(request, "shops/stock/suppliers.html", context, status=422 if refusal else 200)


def _add(request: HttpRequest, business: Business) -> str:
    fields = fields_of(request)
    made = add_supplier(
        business=business,
        name=fields.get("name", ""),
        kra_pin=fields.get("pin", ""),
        phone=fields.get("phone", ""),
        by=user_of(request),
    )
    return f"{made} is among your suppliers."


@for_cost_seers
@require_http_methods(["GET", "POST"])
def supplier(request: HttpRequest, business: Business, supplier_id: int) -> HttpResponse:
    """Show what a supplier is owed, sold and was paid; POST pays, or takes what it owes."""
    found = get_object_or_404(Supplier, pk=supplier_id, business=business)
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _pay(request, found), request, business)
        if refusal is None:
            return redirect("stock:supplier", business.slug, found.pk)
        found.refresh_from_db()
    fields = fields_of(request)
    context = who_asks(request, business) | {
        "supplier": found,
        "purchases": queries.purchases_of(found),
        "payments": queries.payments_of(found),
        "payers": queries.accounts_under(business, PAYING_CODES),
        "drawers": of_purchases.open_drawers(business),
        "owes_cents": max(-found.owed_cents, 0),
        "fields": fields,
        "today": timezone.localdate(),
        "refusal": refusal,
        "key": fields.get("key") or uuid.uuid4().hex,
    }
    return render(request, "shops/stock/supplier.html", context, status=422 if refusal else 200)


def _pay(request: HttpRequest, found: Supplier) -> str:
    """Pay from an account or out of a drawer, or take back what the supplier owes."""
    fields, now, by = fields_of(request), timezone.now(), user_of(request)
    amount = read_amount(fields.get("amount", ""), of="Amount")
    note, key = fields.get("note", "").strip(), read_key(fields)
    drawer = read_drawer(fields.get("paid", ""))
    said = f"KES {format_shillings(amount)}"
    if drawer is not None:
        pay_from_drawer(
            supplier=found,
            session_id=drawer,
            amount_cents=amount,
            note=note,
            key=key,
            by=by,
            now=now,
        )
        return f"{said} paid to {found} out of the drawer."
    _settle(found, fields, amount, key, request)
    return f"{said} {'taken from' if fields.get('back') else 'paid to'} {found}."


def _settle(
    found: Supplier, fields: dict[str, str], amount: int, key: str, request: HttpRequest
) -> SupplierPayment:
    now = timezone.now()
    account, note = fields.get("paid", ""), fields.get("note", "").strip()
    day, by = read_day(fields.get("day", ""), timezone.localdate(now)), user_of(request)
    if fields.get("back"):
        return take_back(
            supplier=found,
            amount_cents=amount,
            paid_to=account,
            paid_on=day,
            note=note,
            key=key,
            by=by,
            now=now,
        )
    return pay_supplier(
        supplier=found,
        amount_cents=amount,
        paid_from=account,
        paid_on=day,
        note=note,
        key=key,
        by=by,
        now=now,
    )


@for_cost_seers
@require_http_methods(["GET", "POST"])
def purchase(request: HttpRequest, business: Business, purchase_id: int) -> HttpResponse:
    """Show what was bought and what of it went back; POST sends goods back."""
    rows = Purchase.objects.select_related("supplier", "business", "location", "by", "cash_payment")
    found = get_object_or_404(rows, pk=purchase_id, business=business)
    refusal = None
    if request.method == "POST":
        refusal = act(lambda: _send_back(request, found), request, business)
        if refusal is None:
            return redirect("stock:purchase", business.slug, found.pk)
    fields = fields_of(request)
    lines = [
        (line, left, fields.get(f"back-{line.pk}", ""))
        for line, left in of_purchases.lines_of(found)
    ]
    context = who_asks(request, business) | {
        "purchase": found,
        "lines": lines,
        "can_go_back": any(left for _, left, _ in lines),
        "returns": of_purchases.returns_of(found),
        "payers": queries.accounts_under(business, PAYING_CODES),
        "fields": fields,
        "today": timezone.localdate(),
        "refusal": refusal,
        "key": fields.get("key") or uuid.uuid4().hex,
    }
    return render(request, "shops/stock/purchase.html", context, status=422 if refusal else 200)


def _send_back(request: HttpRequest, found: Purchase) -> str:
    fields, now = fields_of(request), timezone.now()
    wish = GoesBack(
        key=read_key(fields),
        lines=read_goes_back(fields),
        reason=fields.get("reason", ""),
        number=fields.get("number", "").strip()[:40],
        paid_to=fields.get("paid", ""),
    )
    day = read_day(fields.get("day", ""), timezone.localdate(now))
    note = send_back(purchase=found, wish=wish, returned_on=day, by=user_of(request), now=now)
    return f"{note}: KES {format_shillings(note.total_cents)} go back to {found.supplier}."
