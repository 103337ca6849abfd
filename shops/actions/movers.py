"""What sells fast, learned from what was sold: the order of the counter's tiles."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count

from money.models import Business
from shops.models import POSTED, FastMover, SaleLine

LEARNED_FROM = timedelta(days=30)
BATCH = 500


def learn_fast_movers(*, business: Business, day: date) -> int:
    """Count how many times each product was sold in the 30 days up to `day`; keep that.

    What was not sold is forgotten. Returns how many products were. Sales are only read: nobody at
    a counter waits for it.
    """
    lines = SaleLine.objects.filter(
        sale__business=business,
        sale__state__in=POSTED,
        sale__sold_on__gt=day - LEARNED_FROM,
        sale__sold_on__lte=day,
    )
    times = dict(lines.values_list("product").annotate(times=Count("pk")).order_by("product"))
    with transaction.atomic():
        # In the order of ids, so that two runs at once wait for one another and end.
        rows = FastMover.objects.select_for_update().filter(business=business).order_by("pk")
        before = dict(rows.values_list("pk", "times"))
        FastMover.objects.bulk_create(
            (
                FastMover(product_id=product_id, business=business, times=number)
                for product_id, number in times.items()
                if before.get(product_id) != number
            ),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["product"],
            update_fields=["times"],
        )
        for some in _in_batches(sorted(before.keys() - times.keys())):
            FastMover.objects.filter(pk__in=some).delete()
    return len(times)


def _in_batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
