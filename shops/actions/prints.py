"""Prints of receipts: the first is the receipt, what follows says COPY."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from money.models import User
from shops.actions.drawers import USED
from shops.actions.settle import lock_sale
from shops.models import ReceiptPrint


class NoReceipt(Exception):
    """What is not paid has no receipt; or the page was used for another one's."""


def record_print(*, sale_id: int, key: str, by: User, at: datetime) -> ReceiptPrint:
    """Give the next print of a sale's receipt its number; the same `key` prints once.

    Raises NoReceipt.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if first := ReceiptPrint.objects.filter(key=key).first():
            if first.sale_id != sale.pk:
                raise NoReceipt(USED)
            return first
        if sale.number is None:
            raise NoReceipt("This sale has no receipt yet. It gets one when it is paid.")
        last = sale.prints.aggregate(last=Max("number"))["last"] or 0
        return ReceiptPrint.objects.create(sale=sale, key=key, number=last + 1, by=by, at=at)
