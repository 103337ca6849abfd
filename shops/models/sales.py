"""Sales with their tenders. Amounts are cents, tax included."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.cents import format_quantity
from money.models import Business, TaxClass, User
from mpesa.models import Payment
from shops.models.cash import CashSession
from shops.models.customers import Customer
from shops.models.goods import Product, Unit


class SaleState(models.TextChoices):
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    OWED = "owed", "Payment taken back"
    CANCELLED = "cancelled", "Cancelled"


# The customer has not paid, or not any more.
OWING = (SaleState.OPEN, SaleState.OWED)
# What has a receipt, and its entry in the books.
POSTED = (SaleState.PAID, SaleState.OWED)


class Method(models.TextChoices):
    CASH = "cash", "Cash"
    MPESA = "mpesa", "M-Pesa"
    CREDIT = "credit", "On credit"


class ReceiptBook(models.Model):
    """The last numbers of a business's receipts, Z reports and credit notes.

    Locked by whoever takes the next one.
    """

    business = models.OneToOneField(Business, models.PROTECT, primary_key=True)
    last_number = models.PositiveBigIntegerField(default=0)
    last_z_number = models.PositiveBigIntegerField(default=0)
    last_refund_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.business}: {self.last_number}"


class Sale(models.Model):
    """A sale at the counter. It gets its receipt number, and is posted, when it is paid.

    Where the money is taken back, it keeps both and is owed. `session` is the one that was open
    when it was rung up; its day is the sale's, midnight or not. `total_cents` is what is left
    after `discount_cents`, which `discount_by` gave or agreed to.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="sales")
    key = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=9, choices=SaleState.choices, default=SaleState.OPEN)
    number = models.PositiveBigIntegerField(null=True, blank=True)
    sold_on = models.DateField()
    total_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    discount_cents = models.BigIntegerField(default=0)
    discount_reason = models.CharField(max_length=100, blank=True)
    discount_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    is_vat_registered = models.BooleanField()
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+")
    session = models.ForeignKey(
        CashSession, models.PROTECT, null=True, blank=True, related_name="sales"
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sale_state_is_known", condition=Q(state__in=SaleState.values)
            ),
            models.UniqueConstraint(
                name="sale_number_once_per_business", fields=["business", "number"]
            ),
            models.CheckConstraint(
                name="sale_has_a_number_exactly_when_posted",
                condition=Q(state__in=POSTED, number__isnull=False)
                | (~Q(state__in=POSTED) & Q(number=None)),
            ),
            models.CheckConstraint(
                name="sale_ended_exactly_when_not_open",
                condition=Q(state=SaleState.OPEN, ended_at=None)
                | (~Q(state=SaleState.OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(name="sale_total_is_positive", condition=Q(total_cents__gt=0)),
            models.CheckConstraint(
                name="sale_discount_has_a_reason",
                condition=Q(discount_cents=0, discount_reason="", discount_by=None)
                | Q(discount_cents__gt=0, discount_by__isnull=False) & ~Q(discount_reason=""),
            ),
            models.CheckConstraint(
                name="sale_vat_within_total",
                condition=Q(vat_cents__gte=0, vat_cents__lt=F("total_cents")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="sale_by_day", fields=["business", "sold_on"]),
            models.Index(name="sale_owing", fields=["id"], condition=Q(state__in=OWING)),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.number}" if self.number else f"Sale {self.pk} ({self.state})"

    @property
    def reference(self) -> str:
        """What the rail knows of this sale."""
        return f"sale:{self.pk}"

    @property
    def account_reference(self) -> str:
        """What stands on the customer's phone, and in a confirmation of a paybill."""
        return f"SALE{self.pk}"


class SaleLine(models.Model):
    """A product as it was sold: price, tax letter and rate of that day, for ever.

    `amount_cents` is what it cost after its part of the sale's discount. Where `price_by` sold it
    below its price of the day, that is `list_price_cents`, and `price_reason` says why.
    """

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=6, choices=Unit.choices)
    quantity_milli = models.PositiveBigIntegerField()
    price_cents = models.BigIntegerField()
    list_price_cents = models.BigIntegerField(null=True, blank=True)
    price_reason = models.CharField(max_length=100, blank=True)
    # Few lines have one, and nobody looks them up by it: an index of every line would be for none.
    price_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    amount_cents = models.BigIntegerField()
    discount_cents = models.BigIntegerField(default=0)
    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    rate_bp = models.PositiveIntegerField()
    vat_cents = models.BigIntegerField()
    # Inside the price as well: a cost of the business, not a line of the receipt.
    excise_cents = models.BigIntegerField(default=0)
    sales_account = models.CharField(max_length=12)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="saleline_unit_is_known", condition=Q(unit__in=Unit.values)
            ),
            models.CheckConstraint(
                name="saleline_excise_is_not_negative", condition=Q(excise_cents__gte=0)
            ),
            models.CheckConstraint(
                name="saleline_quantity_is_positive", condition=Q(quantity_milli__gt=0)
            ),
            models.CheckConstraint(
                name="saleline_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="saleline_discount_is_not_negative", condition=Q(discount_cents__gte=0)
            ),
            models.CheckConstraint(
                name="saleline_below_the_list_has_a_reason",
                condition=Q(list_price_cents=None, price_reason="", price_by=None)
                # Nothing is not less than a price, and not more: a comparison alone lets it pass.
                | Q(list_price_cents__isnull=False, price_by__isnull=False)
                & Q(list_price_cents__gt=F("price_cents"))
                & ~Q(price_reason=""),
            ),
            models.CheckConstraint(
                name="saleline_vat_within_amount",
                condition=Q(vat_cents__gte=0, vat_cents__lt=F("amount_cents")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} x {format_quantity(self.quantity_milli)}"

    @property
    def listed_cents(self) -> int:
        """What the line would cost without its part of the discount, in cents."""
        return self.amount_cents + self.discount_cents


class Tender(models.Model):
    """What a sale was paid with.

    `amount_cents` settles the sale, `rounding_cents` is what a cash drawer took more (or less) to
    come to whole shillings, `given_cents` what the customer handed over, and `session` is whose
    drawer took it. A `customer` owes what was sold on credit. `taken_back_at` says when it was
    known that its money is gone: reversed, or matched by mistake; cash that was a part of a sale
    given up went back out of the drawer of `back_session`.
    """

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="tenders")
    key = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=6, choices=Method.choices)
    amount_cents = models.BigIntegerField()
    rounding_cents = models.BigIntegerField(default=0)
    given_cents = models.BigIntegerField(null=True, blank=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="tenders"
    )
    session = models.ForeignKey(
        CashSession, models.PROTECT, null=True, blank=True, related_name="tenders"
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tenders"
    )
    back_session = models.ForeignKey(
        CashSession, models.PROTECT, null=True, blank=True, related_name="tenders_back"
    )
    taken_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="tender_method_is_known", condition=Q(method__in=Method.values)
            ),
            models.CheckConstraint(
                name="tender_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="tender_cash_was_given_mpesa_was_paid",
                condition=Q(method=Method.CASH, given_cents__isnull=False, payment=None)
                | Q(method=Method.MPESA, given_cents=None, payment__isnull=False, rounding_cents=0)
                | Q(method=Method.CREDIT, given_cents=None, payment=None, rounding_cents=0),
            ),
            models.CheckConstraint(
                name="tender_credit_has_a_customer",
                condition=Q(method=Method.CREDIT, customer__isnull=False)
                | (~Q(method=Method.CREDIT) & Q(customer=None)),
            ),
            models.CheckConstraint(
                name="tender_given_is_enough",
                condition=Q(given_cents=None)
                | Q(given_cents__gte=F("amount_cents") + F("rounding_cents")),
            ),
            models.CheckConstraint(
                name="tender_rounding_is_below_a_shilling",
                condition=Q(rounding_cents__gt=-100, rounding_cents__lt=100),
            ),
            models.UniqueConstraint(
                name="tender_key_once_per_sale", fields=["sale", "key"], condition=~Q(key="")
            ),
            models.UniqueConstraint(
                name="tender_payment_once_per_sale",
                fields=["sale", "payment"],
                condition=Q(payment__isnull=False, taken_back_at=None),
            ),
            models.CheckConstraint(
                name="tender_only_cash_is_in_a_drawer",
                condition=Q(session=None) | Q(method=Method.CASH),
            ),
            models.CheckConstraint(
                name="tender_cash_goes_back_out_of_a_drawer",
                condition=Q(back_session=None) & (Q(taken_back_at=None) | ~Q(method=Method.CASH))
                | Q(method=Method.CASH, taken_back_at__isnull=False, back_session__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} for {self.sale}"

    @property
    def change_cents(self) -> int:
        """What the customer gets back, in cents."""
        return (self.given_cents or 0) - self.amount_cents - self.rounding_cents
