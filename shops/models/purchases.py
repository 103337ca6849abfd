"""Suppliers, what was bought of them, and what they were paid later. Amounts are cents."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import Business, TaxClass, User
from shops.models.batches import Batch
from shops.models.cash import CashMove
from shops.models.stock import Location, StockItem


class Supplier(models.Model):
    """Who a business buys from; `owed_cents` is bought on credit, not paid and not sent back.

    `returned_cents` is what was ever sent back on account. As far as that goes `owed_cents` may be
    negative: the supplier owes it, until the next purchase on credit or until it is paid back.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="suppliers")
    name = models.CharField(max_length=80)
    kra_pin = models.CharField("KRA PIN", max_length=11, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    owed_cents = models.BigIntegerField(default=0)
    returned_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="supplier_name_once_per_business", fields=["business", "name"]
            ),
            models.CheckConstraint(
                name="supplier_is_not_paid_more_than_owed",
                condition=Q(returned_cents__gte=0, owed_cents__gte=-F("returned_cents")),
            ),
            models.CheckConstraint(
                name="supplier_pin_has_eleven_characters_or_none",
                condition=Q(kra_pin="") | Q(kra_pin__regex=r"^[A-Z][0-9]{9}[A-Z]$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Purchase(models.Model):
    """Goods received on a supplier's invoice. `paid_from` is an account; empty for on credit.

    `vat_cents` is the VAT on the invoice, within the total; it is input VAT where the tax person
    was registered on the day, and a part of the cost elsewhere.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="purchases")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="purchases")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    number = models.CharField("number of the supplier's invoice", max_length=40, blank=True)
    cu_invoice_number = models.CharField("CU invoice number", max_length=40, blank=True)
    bought_on = models.DateField()
    paid_from = models.CharField(max_length=12, blank=True)
    total_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    is_vat_registered = models.BooleanField()
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="purchase_number_once_per_supplier",
                fields=["supplier", "number"],
                condition=~Q(number=""),
            ),
            models.CheckConstraint(
                name="purchase_total_is_positive", condition=Q(total_cents__gt=0)
            ),
            models.CheckConstraint(
                name="purchase_vat_within_total",
                condition=Q(vat_cents__gte=0, vat_cents__lt=F("total_cents")),
            ),
            models.CheckConstraint(
                name="purchase_is_not_paid_from_the_drawer",
                condition=~Q(paid_from__startswith="1000"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.number}".strip()

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"purchase:{self.pk}"


class PurchaseLine(models.Model):
    """A product of a purchase; net and VAT as on the invoice."""

    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="lines")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()
    net_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="purchaseline_quantity_is_positive", condition=Q(quantity_milli__gt=0)
            ),
            models.CheckConstraint(
                name="purchaseline_amounts_are_not_negative",
                condition=Q(net_cents__gte=0, vat_cents__gte=0),
            ),
            models.CheckConstraint(
                name="purchaseline_tax_class_is_known", condition=Q(tax_class__in=TaxClass.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} of {self.purchase}"


class SupplierPayment(models.Model):
    """What a supplier was paid of what had been bought on credit; negative cents came back.

    `paid_from` is an account. Out of a drawer it was paid by `cash_move`, which posts it. One that
    names a `purchase` paid it at once, in cash.
    """

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField()
    paid_from = models.CharField(max_length=12)
    paid_on = models.DateField()
    note = models.CharField(max_length=120, blank=True)
    cash_move = models.OneToOneField(
        CashMove, models.PROTECT, null=True, blank=True, related_name="supplier_payment"
    )
    purchase = models.OneToOneField(
        Purchase, models.PROTECT, null=True, blank=True, related_name="cash_payment"
    )
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="supplierpayment_is_of_something", condition=~Q(amount_cents=0)
            ),
            models.CheckConstraint(
                name="supplierpayment_from_the_drawer_is_a_cash_move",
                condition=Q(cash_move=None, purchase=None)
                & ~Q(paid_from__startswith="1000")
                & ~Q(paid_from="")
                | Q(cash_move__isnull=False, paid_from__startswith="1000", amount_cents__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: paid on {self.paid_on}"

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"cashmove:{self.cash_move_id}" if self.cash_move_id else f"supplier:{self.pk}"


class SupplierReturn(models.Model):
    """Goods of a purchase that went back to their supplier, with our debit note.

    `number` is that of the supplier's credit note. `paid_to` is the account that the money came
    back to; empty for off what is owed.
    """

    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="returns")
    number = models.CharField("number of the supplier's credit note", max_length=40, blank=True)
    returned_on = models.DateField()
    reason = models.CharField(max_length=200)
    paid_to = models.CharField(max_length=12, blank=True)
    total_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="supplierreturn_vat_within_total",
                condition=Q(total_cents__gte=0, vat_cents__gte=0, vat_cents__lte=F("total_cents")),
            ),
            models.CheckConstraint(name="supplierreturn_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="supplierreturn_is_not_paid_into_the_drawer",
                condition=~Q(paid_to__startswith="1000"),
            ),
        ]

    def __str__(self) -> str:
        return f"Debit note {self.pk}"

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"supplierreturn:{self.pk}"


class SupplierReturnLine(models.Model):
    """Pieces of a purchase's line that went back: net and VAT as bought, and what they cost us."""

    supplier_return = models.ForeignKey(SupplierReturn, models.PROTECT, related_name="lines")
    line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="returned")
    quantity_milli = models.PositiveBigIntegerField()
    net_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    cost_cents = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="supplierreturnline_once_per_line", fields=["supplier_return", "line"]
            ),
            models.CheckConstraint(
                name="supplierreturnline_amounts_are_not_negative",
                condition=Q(
                    quantity_milli__gt=0, net_cents__gte=0, vat_cents__gte=0, cost_cents__gte=0
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, sent back"
