"""What a business sells. Prices are cents, tax included."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import Business, TaxClass


class Unit(models.TextChoices):
    PIECE = "piece", "piece"
    KG = "kg", "kg"
    LITRE = "litre", "litre"


class Product(models.Model):
    """Something one business sells, at a tax-inclusive price per unit."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="products")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=6, choices=Unit.choices, default=Unit.PIECE)
    price_cents = models.BigIntegerField()
    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    sales_account = models.CharField(max_length=12, help_text="The code of an income account.")
    excise_millilitres = models.PositiveIntegerField(
        "water for excise, ml per unit",
        default=0,
        blank=True,
        help_text="20,000 for a refill of 20 litres; 0 for what bears no excise duty.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="product_name_once_per_business", fields=["business", "name"]
            ),
            models.CheckConstraint(
                name="product_price_is_positive",
                condition=Q(price_cents__gt=0),
                violation_error_message="A price is more than nothing.",
            ),
            models.CheckConstraint(name="product_unit_is_known", condition=Q(unit__in=Unit.values)),
            models.CheckConstraint(
                name="product_tax_class_is_known", condition=Q(tax_class__in=TaxClass.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name
