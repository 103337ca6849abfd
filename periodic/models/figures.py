"""What a day came to, as it was known when the night took it down. Cents."""

from typing import ClassVar

from django.db import models

from money.models import Business


class DailyFigures(models.Model):
    """A business's day: sales and profit of the day, and what stood in the evening's books.

    `profit_cents` is income less expenses of the day, before what is only booked at the month's
    end; `customers_cents` are owed to the business, `suppliers_cents` by it. They are those of
    `taken_at`: a later correction is in the books, not here.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="daily_figures")
    day = models.DateField()
    sales_cents = models.BigIntegerField()
    profit_cents = models.BigIntegerField()
    cash_cents = models.BigIntegerField()
    mpesa_cents = models.BigIntegerField()
    bank_cents = models.BigIntegerField()
    stock_cents = models.BigIntegerField()
    customers_cents = models.BigIntegerField()
    suppliers_cents = models.BigIntegerField()
    unidentified_cents = models.BigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "daily figures"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="dailyfigures_once_per_business_and_day", fields=["business", "day"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business}, {self.day}"
