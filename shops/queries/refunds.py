"""Reads of refunds: what is left of a receipt, how its money came, what is still to be sent."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from money.models import Business
from shops.models import Method, Refund, RefundTender, Sale
from shops.queries.customers import debts_of
from shops.refunding import SoldLine


def sold_lines(sale: Sale) -> dict[int, SoldLine]:
    """Return sale line id -> the line, less what came back of it; in the order of the receipt."""
    rows = sale.lines.order_by("pk").annotate(
        back_milli=Sum("refunds__quantity_milli", default=0),
        back_cents=Sum("refunds__amount_cents", default=0),
        back_vat=Sum("refunds__vat_cents", default=0),
    )
    return {
        row.pk: SoldLine(
            row.pk,
            row.name,
            row.quantity_milli,
            row.amount_cents,
            row.vat_cents,
            row.back_milli,
            row.back_cents,
            row.back_vat,
        )
        for row in rows
    }


def came_by(sale: Sale) -> Counter[str]:
    """Return method -> cents that came by it and still count, less what went back by it.

    What was sold on credit goes off what its customers owe, and no further: who has paid that debt
    gets cash.
    """
    came, back = _by_method(sale)
    mpesa = max(came[Method.MPESA] - back[Method.MPESA], 0)
    rest = came.total() - back.total() - mpesa
    credit = min(sum(credit_left(sale).values()), rest)
    return Counter(
        {Method.MPESA.value: mpesa, Method.CREDIT.value: credit, Method.CASH.value: rest - credit}
    )


def _by_method(sale: Sale) -> tuple[Counter[str], Counter[str]]:
    """Return method -> cents that came and still count, and method -> cents that went back."""
    live = sale.tenders.filter(taken_back_at=None).order_by()
    came = live.values_list("method").annotate(cents=Sum("amount_cents"))
    tenders = RefundTender.objects.filter(refund__sale=sale).order_by()
    back = tenders.values_list("method").annotate(
        cents=Sum(F("amount_cents") - F("reversed_cents"))
    )
    return Counter(dict(came)), Counter(dict(back))


def credit_left(sale: Sale) -> dict[int, int]:
    """Return customer id -> cents of the sale that the customer owes still, in order of credit."""
    left: dict[int, int] = {}
    live = sale.tenders.filter(taken_back_at=None, customer__isnull=False)
    for customer_id, cents in live.order_by("pk").values_list("customer_id", "amount_cents"):
        left[customer_id] = left.get(customer_id, 0) + cents
    if not left:
        return {}
    back = RefundTender.objects.filter(refund__sale=sale, customer__isnull=False)
    for customer_id, cents in back.values_list("customer_id", "amount_cents"):
        left[customer_id] -= cents
    debts = debts_of(left)
    return {key: max(min(cents, debts[key]), 0) for key, cents in left.items()}


def cash_back(sale: Sale) -> tuple[int, int]:
    """Return the cents that went back in cash on a receipt, and what left drawers for them."""
    cash = RefundTender.objects.filter(refund__sale=sale, method=Method.CASH)
    sums = cash.aggregate(
        cents=Sum("amount_cents", default=0), rounding=Sum("rounding_cents", default=0)
    )
    return sums["cents"], sums["cents"] + sums["rounding"]


def returned_cents(sale: Sale) -> int:
    """Return the cents that came back of a receipt so far."""
    return int(sale.refunds.aggregate(cents=Sum("total_cents", default=0))["cents"])


def refunds_of(sale: Sale) -> QuerySet[Refund]:
    """Return the credit notes of a receipt, the oldest first."""
    return sale.refunds.select_related("by", "approved_by").order_by("pk")


def payouts_due(businesses: Iterable[Business]) -> QuerySet[RefundTender]:
    """Return what is to be sent back by M-Pesa and is not noted as sent, the oldest first."""
    return (
        RefundTender.objects.filter(
            method=Method.MPESA,
            mpesa_receipt="",
            reversed_cents__lt=F("amount_cents"),
            refund__business__in=businesses,
        )
        .select_related("refund__sale", "refund__business")
        .order_by("pk")
    )
