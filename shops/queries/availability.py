"""What can be sold at the counter on a day, as expressions over products: no statement is added."""

from datetime import date

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from shops.models import BatchLevel, RecipePart, StockLevel


def sold_out(day: date) -> Q:
    """Return whether nothing that may be sold on `day` is left of a product, or of a part of it.

    What may be sold before it came is never sold out; of a recipe enough for one unit has to lie
    there; what is past its best-before day and not released does not count.
    """
    free = F("on_hand_milli") - F("reserved_milli")
    levels = StockLevel.objects.filter(location__is_counter=True, allows_negative=False)
    here = levels.filter(item=OuterRef("pk")).alias(free=free)
    gone = here.filter(
        Q(free__lte=0) | Q(keeps_batches=True) & ~Exists(_fresh(OuterRef("item"), day))
    )
    part = levels.filter(item=OuterRef("item")).alias(free=free, fresh=_fresh_milli(day))
    short = part.filter(
        Q(free__lt=OuterRef("quantity_milli"))
        | Q(keeps_batches=True, fresh__lt=OuterRef("quantity_milli"))
    )
    lacking = RecipePart.objects.filter(Exists(short), recipe=OuterRef("pk"))
    return Q(Exists(gone)) | Q(Exists(lacking))


def _fresh(item: OuterRef, day: date) -> QuerySet[BatchLevel]:
    """Return what is free at the counter of batches of an item that may be sold on `day`."""
    may_be_sold = (
        Q(batch__best_before=None)
        | Q(batch__best_before__gte=day)
        | Q(batch__released_at__isnull=False)
    )
    return BatchLevel.objects.filter(
        may_be_sold,
        batch__item=item,
        location__is_counter=True,
        on_hand_milli__gt=F("reserved_milli"),
    )


def _fresh_milli(day: date) -> Coalesce:
    rows = _fresh(OuterRef("item"), day).order_by().values("batch__item")
    total = rows.annotate(milli=Sum(F("on_hand_milli") - F("reserved_milli"))).values("milli")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def goes_first(day: date) -> Subquery:
    """Return the best-before day of what is sold next of a product, None where it has none."""
    rows = _fresh(OuterRef("pk"), day).filter(batch__best_before__isnull=False)
    return Subquery(rows.order_by("batch__best_before").values("batch__best_before")[:1])
