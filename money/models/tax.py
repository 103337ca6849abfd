"""Dated tax rates: VAT per class, excise per litre. Rows are added, never edited."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class TaxClass(models.TextChoices):
    """The tax letters of eTIMS (older ETR devices used other letters: never mix them)."""

    EXEMPT = "A", "A (exempt)"
    STANDARD = "B", "B (16 %)"
    ZERO = "C", "C (zero-rated)"
    NON_VAT = "D", "D (non-VAT)"
    REDUCED = "E", "E (8 %)"


class TaxRate(models.Model):
    """The rate of a tax class from a day on, in basis points (1600 are 16 %)."""

    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    from_on = models.DateField()
    rate_bp = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="taxrate_one_per_class_and_day", fields=["tax_class", "from_on"]
            ),
            models.CheckConstraint(
                name="taxrate_class_is_known", condition=Q(tax_class__in=TaxClass.values)
            ),
            models.CheckConstraint(name="taxrate_at_most_whole", condition=Q(rate_bp__lte=10_000)),
        ]

    def __str__(self) -> str:
        return f"{self.tax_class} {self.rate_bp / 100:g} % from {self.from_on}"


class ExciseRate(models.Model):
    """The excise duty on bottled and refilled water from a day on, in cents per 1,000 litres.

    A thousand litres, because the adjusted rates have fractions of a cent per litre.
    """

    from_on = models.DateField(unique=True)
    cents_per_1000_litres = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="exciserate_is_positive", condition=Q(cents_per_1000_litres__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"KES {self.cents_per_1000_litres / 100_000:g} per litre from {self.from_on}"
