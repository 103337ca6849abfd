"""What lies where, and what it cost. Amounts are cents, quantities thousandths of a unit.

A product with a StockItem is counted; one without is a service. A level is the sum of its moves,
and the value of all levels is what the stock flows left on the stock accounts.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.cents import format_quantity
from money.models import Business, User
from shops.models.goods import Product
from shops.models.sales import SaleLine

MOST_REORDER_MILLI = 10_000_000
MOST_WARN_DAYS = 366


class Location(models.Model):
    """A place of a business where goods lie; what is sold comes from its counter."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="locations")
    name = models.CharField(max_length=60)
    is_counter = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="location_name_once_per_business", fields=["business", "name"]
            ),
            models.UniqueConstraint(
                name="location_one_counter_per_business",
                fields=["business"],
                condition=Q(is_counter=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StockItem(models.Model):
    """A product that is counted: the accounts of its value, and when to buy more.

    One that keeps batches is sold by best-before day, and warns `warn_days` before it.
    """

    product = models.OneToOneField(
        Product, models.PROTECT, primary_key=True, related_name="stock_item"
    )
    stock_account = models.CharField(max_length=12)
    cost_account = models.CharField(max_length=12)
    reorder_milli = models.PositiveBigIntegerField(default=0)
    allows_negative = models.BooleanField(default=False)
    keeps_batches = models.BooleanField(default=False)
    warn_days = models.PositiveSmallIntegerField(default=14)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stockitem_batches_are_never_short",
                condition=Q(keeps_batches=False) | Q(allows_negative=False),
            ),
            models.CheckConstraint(
                name="stockitem_warns_within_a_year",
                condition=Q(warn_days__gte=0, warn_days__lte=MOST_WARN_DAYS),
            ),
            models.CheckConstraint(
                name="stockitem_accounts_are_of_stock_and_of_cost",
                condition=(Q(stock_account__startswith="14") | Q(stock_account__startswith="15"))
                & Q(cost_account__startswith="50"),
            ),
            models.CheckConstraint(
                name="stockitem_reorder_is_a_quantity",
                condition=Q(reorder_milli__gte=0, reorder_milli__lte=MOST_REORDER_MILLI),
            ),
        ]

    def __str__(self) -> str:
        return str(self.product)


class StockLevel(models.Model):
    """What lies of an item at a location, what of it is rung up already, and what all of it cost.

    `allows_negative` and `keeps_batches` are the item's, kept here for the database to look at, and
    because only what is locked is sure to be of now. `unit_cost_cents` is what a unit cost after
    the last receipt: what pieces cost that are sold before they came.
    """

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="levels")
    location = models.ForeignKey(Location, models.PROTECT, related_name="levels")
    on_hand_milli = models.BigIntegerField(default=0)
    reserved_milli = models.BigIntegerField(default=0)
    value_cents = models.BigIntegerField(default=0)
    unit_cost_cents = models.BigIntegerField(default=0)
    allows_negative = models.BooleanField(default=False)
    keeps_batches = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stocklevel_batches_are_never_short",
                condition=Q(keeps_batches=False) | Q(allows_negative=False),
            ),
            models.UniqueConstraint(
                name="stocklevel_once_per_item_and_location", fields=["item", "location"]
            ),
            models.CheckConstraint(
                name="stocklevel_is_not_negative_unless_allowed",
                condition=Q(allows_negative=True) | Q(on_hand_milli__gte=0),
            ),
            models.CheckConstraint(
                name="stocklevel_reserves_what_is_there_unless_allowed",
                condition=Q(reserved_milli__gte=0)
                & (Q(allows_negative=True) | Q(reserved_milli__lte=F("on_hand_milli"))),
            ),
            models.CheckConstraint(
                name="stocklevel_value_follows_the_pieces",
                condition=Q(on_hand_milli=0, value_cents=0)
                | Q(on_hand_milli__gt=0, value_cents__gte=0)
                | Q(on_hand_milli__lt=0, value_cents__lte=0),
            ),
            models.CheckConstraint(
                name="stocklevel_unit_cost_is_not_negative", condition=Q(unit_cost_cents__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} at {self.location}: {format_quantity(self.on_hand_milli)}"

    @property
    def free_milli(self) -> int:
        """What may still be sold, in thousandths: on hand and not rung up."""
        return self.on_hand_milli - self.reserved_milli


class StockMoveKind(models.TextChoices):
    OPENING = "opening", "Lay there at the beginning"
    RECEIPT = "receipt", "Received"
    SALE = "sale", "Sold"
    RETURN = "return", "Brought back"
    SENT_BACK = "sent_back", "Sent back to its supplier"
    LOSS = "loss", "Lost"
    COUNT = "count", "Counted"
    TRANSFER_OUT = "transfer_out", "Sent elsewhere"
    TRANSFER_IN = "transfer_in", "Came from elsewhere"
    REVALUATION = "revaluation", "Cost set right"


COMES_IN = (
    StockMoveKind.OPENING,
    StockMoveKind.RECEIPT,
    StockMoveKind.RETURN,
    StockMoveKind.TRANSFER_IN,
)
GOES_OUT = (
    StockMoveKind.SALE,
    StockMoveKind.SENT_BACK,
    StockMoveKind.LOSS,
    StockMoveKind.TRANSFER_OUT,
)


class StockMove(models.Model):
    """Pieces and value that came (positive) or went (negative), for ever.

    `reference` is the key of the journal entry that carries the value.
    """

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="moves")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=StockMoveKind.choices)
    quantity_milli = models.BigIntegerField()
    value_cents = models.BigIntegerField()
    reference = models.CharField(max_length=64)
    key = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(name="stockmove_of_level", fields=["item", "location", "id"]),
            models.Index(name="stockmove_of_entry", fields=["reference"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stockmove_kind_is_known", condition=Q(kind__in=StockMoveKind.values)
            ),
            models.CheckConstraint(
                name="stockmove_goes_the_way_of_its_kind",
                condition=Q(kind__in=COMES_IN, quantity_milli__gt=0, value_cents__gte=0)
                | Q(kind__in=GOES_OUT, quantity_milli__lt=0, value_cents__lte=0)
                | Q(kind=StockMoveKind.COUNT, quantity_milli__gt=0, value_cents__gte=0)
                | Q(kind=StockMoveKind.COUNT, quantity_milli__lt=0, value_cents__lte=0)
                | Q(kind=StockMoveKind.REVALUATION, quantity_milli=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {format_quantity(self.quantity_milli)} {self.item}"


class LineStockState(models.TextChoices):
    RESERVED = "reserved", "Rung up"
    TAKEN = "taken", "Taken"
    RELEASED = "released", "Given back"


class LineStock(models.Model):
    """The pieces that a sale's line takes: reserved when rung up, with their cost once taken.

    Of a recipe each part has one. The cost goes to `cost_account`, and comes back from there: the
    recipe's, or what the item's was when it was rung up (empty in old rows: what it is now). A
    refund brings a part back only where the recipe `comes_back`.
    """

    line = models.ForeignKey(SaleLine, models.PROTECT, related_name="stock")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()
    state = models.CharField(
        max_length=8, choices=LineStockState.choices, default=LineStockState.RESERVED
    )
    cost_cents = models.BigIntegerField(null=True, blank=True)
    cost_account = models.CharField(max_length=12, blank=True)
    comes_back = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                name="linestock_reserved",
                fields=["item", "location"],
                condition=Q(state=LineStockState.RESERVED),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="linestock_once_per_line_and_item", fields=["line", "item"]
            ),
            models.CheckConstraint(
                name="linestock_quantity_is_positive", condition=Q(quantity_milli__gt=0)
            ),
            models.CheckConstraint(
                name="linestock_cost_account_is_of_cost",
                condition=Q(cost_account="") | Q(cost_account__startswith="50"),
            ),
            models.CheckConstraint(
                name="linestock_state_is_known", condition=Q(state__in=LineStockState.values)
            ),
            models.CheckConstraint(
                name="linestock_costs_exactly_when_taken",
                condition=Q(state=LineStockState.TAKEN, cost_cents__isnull=False, cost_cents__gte=0)
                | (~Q(state=LineStockState.TAKEN) & Q(cost_cents=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}, {format_quantity(self.quantity_milli)} ({self.state})"


class LossReason(models.TextChoices):
    BREAKAGE = "breakage", "Breakage"
    THEFT = "theft", "Theft"
    EXPIRED = "expired", "Expired"
    LEAKAGE = "leakage", "Leakage"
    OWN_USE = "own_use", "Own use"


class Loss(models.Model):
    """Pieces that are gone unsold, why, and what they had cost."""

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="losses")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()
    cost_cents = models.BigIntegerField()
    reason = models.CharField(max_length=8, choices=LossReason.choices)
    note = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=64, unique=True)
    lost_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loss_quantity_is_positive", condition=Q(quantity_milli__gt=0)
            ),
            models.CheckConstraint(
                name="loss_cost_is_not_negative", condition=Q(cost_cents__gte=0)
            ),
            models.CheckConstraint(
                name="loss_reason_is_known", condition=Q(reason__in=LossReason.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {format_quantity(self.quantity_milli)} {self.item}"

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"loss:{self.pk}"
