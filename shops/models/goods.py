"""What a business sells: products, their prices by day, the codes on their packs."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import Business, TaxClass, User


class Unit(models.TextChoices):
    PIECE = "piece", "piece"
    KG = "kg", "kg"
    LITRE = "litre", "litre"


class ProductFamily(models.Model):
    """One thing that is sold in sizes, colours or scents, each a product of its own."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="families")
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="productfamily_name_once_per_business", fields=["business", "name"]
            ),
            models.CheckConstraint(name="productfamily_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something one business sells. Its price depends on the day: see `Price`.

    One of a family is called by both names: "Gas refill" and "6 kg".
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="products")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=6, choices=Unit.choices, default=Unit.PIECE)
    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    sales_account = models.CharField(max_length=12, help_text="The code of an income account.")
    excise_millilitres = models.PositiveIntegerField(
        "water for excise, ml per unit",
        default=0,
        blank=True,
        help_text="20,000 for a refill of 20 litres; 0 for what bears no excise duty.",
    )
    is_active = models.BooleanField(default=True)
    family = models.ForeignKey(
        ProductFamily, models.PROTECT, null=True, blank=True, related_name="variants"
    )
    variant = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="product_name_once_per_business", fields=["business", "name"]
            ),
            models.UniqueConstraint(
                name="product_variant_once_per_family", fields=["family", "variant"]
            ),
            models.CheckConstraint(
                name="product_of_a_family_has_a_variant",
                condition=Q(family=None, variant="") | Q(family__isnull=False) & ~Q(variant=""),
            ),
            models.CheckConstraint(name="product_unit_is_known", condition=Q(unit__in=Unit.values)),
            models.CheckConstraint(
                name="product_tax_class_is_known", condition=Q(tax_class__in=TaxClass.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """What a unit of a product costs from a day on, in cents, tax included; never changed.

    On any day the row of the latest `from_day` holds, and of several of that day the last written:
    a wrong price is corrected by another row, and both stay.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    price_cents = models.BigIntegerField()
    from_day = models.DateField()
    # None for prices from before they had days.
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="price_is_positive", condition=Q(price_cents__gt=0)),
        ]
        indexes: ClassVar = [
            models.Index(name="price_by_day", fields=["product", "from_day", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.product} from {self.from_day}"


class Barcode(models.Model):
    """A code on a product's pack, as a scanner types it; once in a business.

    `business` is the product's own: a trigger compares them.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="barcodes")
    code = models.CharField(max_length=48)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="barcode_once_per_business", fields=["business", "code"]),
            models.CheckConstraint(name="barcode_is_not_empty", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return self.code
