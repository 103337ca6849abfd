"""What spoils in the demo shop's month, what it sells in flavours and sizes, what as one thing."""

from datetime import date, datetime, timedelta

from erp.demo_goods import BUNDLES, DAIRY, FRESH, Shop, bought, buy
from money.cents import MILLI
from shops.actions.batches import keep_batches, write_off_expired
from shops.actions.families import put_in_family
from shops.actions.items import write_off
from shops.actions.recipes import set_recipe
from shops.models import BatchLevel, LossReason

FAMILY = "Yoghurt"
# What the dairy sells off near its day: for how many days more it is good, how many come, and how
# many days before the month's end. Of the last of it some stand there when the owner looks for the
# first time, that morning: vanilla past its day, and strawberry that is warned of.
SOLD_OFF = {"Yoghurt Vanilla 250 ml": 6, "Yoghurt Strawberry 250 ml": 10}
UNITS, BEFORE_END = 12, (20, 6)
ACCIDENTS = ("Crushed under a crate of soda", "Fell into the mop water", "The rat was at it")


def set_up(shop: Shop, now: datetime) -> None:
    """Keep batches of what spoils, put the yoghurts on one tile, and make bundles of what is there.

    Nothing of what spoils lies there yet: its first batches come in the first morning.
    """
    for name, fresh in FRESH.items():
        keep_batches(item=shop.items[name], warn_days=fresh.warn, by=shop.owner, now=now)
        if name.startswith(FAMILY):
            put_in_family(product=shop.products[name], family=FAMILY, variant="", by=shop.owner)
    for name in BUNDLES:
        set_recipe(
            product=shop.products[name],
            parts=shop.parts_of(name),
            cost_account="5040",
            comes_back=True,
            by=shop.owner,
            now=now,
        )


def look_at_the_days(shop: Shop, day: date, key: str, now: datetime) -> None:
    """Write off what is past its day, before the shop opens; buy what the dairy sells off."""
    rows = BatchLevel.objects.filter(
        location__business=shop.business, batch__best_before__lt=day, on_hand_milli__gt=0
    )
    for level in rows.order_by("pk"):
        write_off_expired(
            batch_level_id=level.pk,
            business=shop.business,
            key=f"{key}-expired-{level.pk}",
            by=shop.owner,
            now=now,
        )
    if day in {shop.last - timedelta(days=before) for before in BEFORE_END}:
        lines = [
            bought(shop, name, UNITS, day, days=days, percent=50) for name, days in SOLD_OFF.items()
        ]
        buy(shop, DAIRY, lines, f"{day:%y%m%d}-2", f"{key}-off", now)


def lose_a_loaf(shop: Shop, key: str, day: date, at: datetime) -> None:
    """Write a loaf off that nobody buys any more."""
    if shop.free_milli().get(shop.products["Bread 400 g"].pk, 0) < MILLI:
        return
    write_off(
        item=shop.items["Bread 400 g"],
        quantity_milli=MILLI,
        reason=LossReason.BREAKAGE,
        note=ACCIDENTS[day.toordinal() % len(ACCIDENTS)],
        lost_on=day,
        key=key,
        by=shop.owner,
        now=at,
    )
