"""Whether sales, tenders and the books agree. Reads only, a few statements whatever the volume.

The receivable is a control account: what sales, cash and matches posted to 1300 is, for each
business, what its sales with a receipt still owe. Journals and opening balances on 1300 stand
beside that and are not looked at here.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from django.db.models import (
    BigIntegerField,
    CharField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from money.cents import format_shillings
from money.chart import Code
from money.models import Business, Entry, Line
from money.snapshot import snapshot
from money.verification import Finding
from mpesa.models import Allocation, Purpose
from shops.models import POSTED, Method, Sale, Tender
from shops.queries.sales import sales_to_reopen

MOST_NAMED = 20
# The keys of all that a sale, its cash and its matches post.
FLOWS = ("sale:", "cash:", "match:", "unmatch:")


def verify_sales() -> list[Finding]:
    """Return what does not tie between sales and books: at most MOST_NAMED of each kind."""
    found: list[Finding] = []
    with snapshot():
        found += _named(_sales_posted_otherwise(), "sale {}: its entry is missing or another one")
        found += _named(_cash_posted_otherwise(), "cash {}: its entry is missing or another one")
        found += _named(_entries_without_a_sale(), "entry {}: there is no such sale or tender")
        found += _named(_sales_settled_otherwise(), "sale {}: its tenders are not what was matched")
        found += _control_accounts()
    return found


def _named(rows: Iterable[tuple[str, object]], words: str) -> list[Finding]:
    return [Finding(slug, 0, words.format(name)) for slug, name in rows]


def _posted(key: str, account: str, *, prefix: str) -> Coalesce:
    """Return the cents on an account that the entry with key prefix + pk has; 0 without one."""
    of_its_entry = Line.objects.filter(
        entry__key=Concat(Value(prefix), Cast(OuterRef("pk"), CharField())),
        entry__business=OuterRef(key),
        account__code=account,
    ).order_by()
    total = of_its_entry.values("entry").annotate(cents=Sum("amount_cents")).values("cents")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def _sales_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Sales with a receipt whose total does not stand on 1300 under their own key."""
    rows = Sale.objects.filter(state__in=POSTED).annotate(
        cents=_posted("business", Code.RECEIVABLE, prefix="sale:")
    )
    return _some(rows.exclude(cents=F("total_cents")), "business__slug")


def _cash_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Cash tenders that do not stand on 1300 under their own key."""
    rows = Tender.objects.filter(method=Method.CASH).annotate(
        cents=_posted("sale__business", Code.RECEIVABLE, prefix="cash:")
    )
    return _some(rows.exclude(cents=-F("amount_cents")), "sale__business__slug")


def _entries_without_a_sale() -> Iterator[tuple[str, str]]:
    """Entries that say that a sale or its cash made them, and none did.

    By EXCEPT, which sorts or hashes each side once: a sale's key is computed, so that a look-up of
    each entry's sale would read all sales anew.
    """
    sales = Sale.objects.filter(state__in=POSTED)
    cash = Tender.objects.filter(method=Method.CASH)
    keys: list[str] = []
    for prefix, makers in (("sale:", sales), ("cash:", cash)):
        posted = Entry.objects.filter(key__startswith=prefix).order_by().values_list("key")
        made = makers.annotate(key_of=_key(prefix)).order_by().values_list("key_of")
        keys += [key for (key,) in posted.difference(made).order_by("key")[:MOST_NAMED]]
    rows = Entry.objects.filter(key__in=keys[:MOST_NAMED])
    return iter(rows.order_by("pk").values_list("business__slug", "key"))


def _sales_settled_otherwise() -> Iterator[tuple[str, int]]:
    """Sales whose M-Pesa tenders that count are not the matches that count.

    Not those that a worker is about to open again: their match was undone a moment ago.
    """
    matched = Allocation.objects.filter(
        purpose=Purpose.SALE, undone_at=None, reference=OuterRef("reference_of")
    ).order_by()
    matches = matched.values("reference").annotate(cents=Sum("amount_cents")).values("cents")
    rows = (
        Sale.objects.annotate(reference_of=_key("sale:"))
        .exclude(reference_of__in=sales_to_reopen())
        .annotate(
            tendered=Coalesce(
                Sum(
                    "tenders__amount_cents",
                    filter=Q(tenders__method=Method.MPESA, tenders__taken_back_at=None),
                ),
                0,
            ),
            matched=Coalesce(Subquery(matches, output_field=BigIntegerField()), 0),
        )
    )
    return _some(rows.exclude(tendered=F("matched")), "business__slug")


def _control_accounts() -> list[Finding]:
    """Compare, per business, what sales owe with what their flows left on 1300."""
    account, owed = _on_receivable(), _owed_by_sales()
    return [
        Finding(
            business.slug,
            0,
            f"sales owe KES {format_shillings(owed.get(business.pk, 0))},"
            f" account 1300 says KES {format_shillings(account.get(business.pk, 0))}",
        )
        for business in Business.objects.order_by("pk")
        if owed.get(business.pk, 0) != account.get(business.pk, 0)
    ]


def _on_receivable() -> dict[int, int]:
    """Return business id -> cents on 1300 from all that sales, cash and matches posted."""
    is_a_flow = reduce(or_, (Q(entry__key__startswith=prefix) for prefix in FLOWS))
    rows = Line.objects.filter(is_a_flow, account__code=Code.RECEIVABLE).order_by()
    return dict(rows.values_list("entry__business_id").annotate(cents=Sum("amount_cents")))


def _owed_by_sales() -> dict[int, int]:
    """Return business id -> totals of sales with a receipt, less cash and matches that count."""
    posted = Sale.objects.filter(state__in=POSTED)
    owed = dict(posted.order_by().values_list("business_id").annotate(cents=Sum("total_cents")))
    cash = Tender.objects.filter(method=Method.CASH, sale__state__in=POSTED).order_by()
    matched = Allocation.objects.filter(purpose=Purpose.SALE, undone_at=None).order_by()
    for business_id, cents in (
        *cash.values_list("sale__business_id").annotate(cents=Sum("amount_cents")),
        *matched.values_list("payment__till__business_id").annotate(cents=Sum("amount_cents")),
    ):
        owed[business_id] = owed.get(business_id, 0) - cents
    return owed


def _key(prefix: str) -> Concat:
    return Concat(Value(prefix), Cast("pk", CharField()))


def _some(rows: "QuerySet[Sale] | QuerySet[Tender]", slug: str) -> Iterator[tuple[str, int]]:
    return iter(rows.order_by("pk").values_list(slug, "pk")[:MOST_NAMED])
