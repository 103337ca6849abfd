"""What a product is made of when it is sold: so much of each counted item in a unit of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.cents import format_quantity
from money.models import User
from shops.models.goods import Product
from shops.models.stock import MOST_REORDER_MILLI, StockItem


class Recipe(models.Model):
    """A product that uses counted items when it is sold, and is not counted itself.

    `cost_account` is where the cost of its parts goes: that of what was sold, not of the parts.
    `comes_back` says whether a refund can put the parts on the shelf again: a hamper is taken
    apart, the seal of a refill is gone. A sale keeps both, as it keeps the parts.
    """

    product = models.OneToOneField(Product, models.PROTECT, primary_key=True, related_name="recipe")
    cost_account = models.CharField(max_length=12)
    comes_back = models.BooleanField(default=False)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="recipe_cost_account_is_of_cost", condition=Q(cost_account__startswith="50")
            ),
        ]

    def __str__(self) -> str:
        return f"Recipe of {self.product}"


class RecipePart(models.Model):
    """So many thousandths of a counted item in one unit of a product."""

    recipe = models.ForeignKey(Recipe, models.CASCADE, related_name="parts")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="in_recipes")
    quantity_milli = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="recipepart_once_per_recipe_and_item", fields=["recipe", "item"]
            ),
            models.CheckConstraint(
                name="recipepart_quantity_is_positive",
                condition=Q(quantity_milli__gt=0, quantity_milli__lte=MOST_REORDER_MILLI),
            ),
        ]

    def __str__(self) -> str:
        return f"{format_quantity(self.quantity_milli)} {self.item}"
