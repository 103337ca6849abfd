"""Whether sales, tenders and the books agree. Reads only, a few statements whatever the volume.

The receivable is a control account: what sales, cash and matches posted to 1300 is, for each
business, what its sales with a receipt still owe. Journals and opening balances on 1300 stand
beside that and are not looked at here.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

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

from money.cents import MILLI, format_shillings
from money.chart import Code
from money.models import Business, Entry, Line
from money.snapshot import snapshot
from money.verification import Finding
from mpesa.models import Allocation, Purpose
from shops.models import (
    POSTED,
    CustomerPayment,
    Method,
    Refund,
    RefundLine,
    RefundTender,
    Sale,
    SaleLine,
    SaleState,
    Tender,
)
from shops.queries.sales import sales_to_reopen

MOST_NAMED = 20
# The keys of all that a sale, its cash and its matches post.
FLOWS = (
    *("sale:", "cash:", "cashback:", "match:", "guess:", "debt:", "unmatch:"),
    *("custpay:", "refund:", "refundback:"),
)
# The keys of what refunds post to the money that is to be sent back by M-Pesa.
REFUND_FLOWS = ("refund:", "refundback:", "payout:")


def verify_sales() -> list[Finding]:
    """Return what does not tie between sales and books: at most MOST_NAMED of each kind."""
    found: list[Finding] = []
    with snapshot():
        found += _named(_sales_posted_otherwise(), "sale {}: its entry is missing or another one")
        found += _named(_lines_priced_otherwise(), "sale {}: a line is not its quantity's price")
        found += _named(_cash_posted_otherwise(), "cash {}: its entry is missing or another one")
        found += _named(_backs_posted_otherwise(), "cash back {}: its entry is another one")
        found += _named(_debts_posted_otherwise(), "debt paid {}: its entry is another one")
        found += _named(_refunds_posted_otherwise(), "refund {}: its entry is another one")
        found += _named(_refunds_without_their_parts(), "refund {}: its parts are not its total")
        found += _named(_entries_without_a_sale(), "entry {}: nothing here made it")
        found += _named(_sales_settled_otherwise(), "sale {}: its tenders are not what was matched")
        found += _named(_sales_in_another_state(), "sale {}: called paid, or owed, and is not")
        found += _control_accounts()
        found += _refunds_due()
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


def _lines_priced_otherwise() -> Iterator[tuple[str, int]]:
    """Sales with a line whose amount and discount are not its price by its quantity.

    In thousandths of a cent, where a line that was rounded half up is half a cent off at most.
    """
    listed = (F("amount_cents") + F("discount_cents")) * MILLI
    rows = SaleLine.objects.annotate(off=listed - F("price_cents") * F("quantity_milli"))
    rows = rows.filter(Q(off__lte=-MILLI // 2) | Q(off__gt=MILLI // 2))
    return iter(rows.order_by("pk").values_list("sale__business__slug", "sale_id")[:MOST_NAMED])


def _cash_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Cash tenders that do not stand on 1300 under their own key."""
    rows = Tender.objects.filter(method=Method.CASH).annotate(
        cents=_posted("sale__business", Code.RECEIVABLE, prefix="cash:")
    )
    return _some(rows.exclude(cents=-F("amount_cents")), "sale__business__slug")


def _backs_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Parts of sales that were given up and whose cash did not go back to 1300."""
    rows = Tender.objects.filter(back_session__isnull=False).annotate(
        cents=_posted("sale__business", Code.RECEIVABLE, prefix="cashback:")
    )
    return _some(
        rows.exclude(cents=F("amount_cents") + F("rounding_cents")), "sale__business__slug"
    )


def _debts_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Cash that customers paid of their debts and that does not stand on 1300."""
    rows = CustomerPayment.objects.annotate(
        cents=_posted("customer__business", Code.RECEIVABLE, prefix="custpay:")
    )
    return _some(rows.exclude(cents=-F("amount_cents")), "customer__business__slug")


def _refunds_posted_otherwise() -> Iterator[tuple[str, int]]:
    """Credit notes whose total does not stand on sales returns and output VAT."""
    rows = Refund.objects.annotate(
        cents=_posted("business", Code.SALES_RETURNS, prefix="refund:")
        + _posted("business", Code.OUTPUT_VAT, prefix="refund:")
    )
    return _some(rows.exclude(cents=F("total_cents")), "business__slug")


def _refunds_without_their_parts() -> Iterator[tuple[str, int]]:
    """Credit notes whose lines, or whose ways back, do not add up to their total."""
    rows = Refund.objects.annotate(
        of_lines=_sum_of(RefundLine.objects.filter(refund=OuterRef("pk"))),
        of_ways=_sum_of(RefundTender.objects.filter(refund=OuterRef("pk"))),
    )
    wrong = rows.exclude(of_lines=F("total_cents"), of_ways=F("total_cents"))
    return _some(wrong, "business__slug")


def _sum_of(parts: QuerySet[Any], by: str = "refund", column: str = "amount_cents") -> Coalesce:
    sums = parts.order_by().values(by).annotate(cents=Sum(column)).values("cents")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)


def _entries_without_a_sale() -> Iterator[tuple[str, str]]:
    """Entries that say that a sale, its cash or a refund made them, and none did.

    By EXCEPT, which sorts or hashes each side once: a sale's key is computed, so that a look-up of
    each entry's sale would read all sales anew.
    """
    makers_of: dict[str, QuerySet[Any]] = {
        "sale:": Sale.objects.filter(state__in=POSTED),
        "cash:": Tender.objects.filter(method=Method.CASH),
        "cashback:": Tender.objects.filter(back_session__isnull=False),
        "custpay:": CustomerPayment.objects.all(),
        "refund:": Refund.objects.all(),
        "payout:": RefundTender.objects.exclude(mpesa_receipt=""),
    }
    keys: list[str] = []
    for prefix, makers in makers_of.items():
        entries = Entry.objects.filter(key__startswith=prefix).exclude(key__in=_set_aside())
        posted = entries.order_by().values_list("key")
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


def _sales_in_another_state() -> Iterator[tuple[str, int]]:
    """Sales with a receipt that are paid and owe something, or are owed and owe nothing.

    Not those that a worker is about to open again.
    """
    live = Tender.objects.filter(sale=OuterRef("pk"), taken_back_at=None)
    kept = RefundTender.objects.filter(refund__sale=OuterRef("pk"))
    owed = (
        F("total_cents") - _sum_of(live, "sale") - _sum_of(kept, "refund__sale", "reversed_cents")
    )
    rows = Sale.objects.filter(state__in=POSTED).annotate(reference_of=_key("sale:"), owed=owed)
    wrong = Q(state=SaleState.PAID) & ~Q(owed=0) | Q(state=SaleState.OWED, owed__lte=0)
    return _some(rows.filter(wrong).exclude(reference_of__in=sales_to_reopen()), "business__slug")


def _control_accounts() -> list[Finding]:
    """Compare, per business, what sales owe with what their flows left on 1300."""
    account, owed = _left_on(Code.RECEIVABLE, FLOWS), _owed_by_sales()
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


def _refunds_due() -> list[Finding]:
    """Compare, per business, what refunds have to send by M-Pesa with what they left on 2140."""
    account = _left_on(Code.REFUNDS_DUE, REFUND_FLOWS)
    unsent = RefundTender.objects.filter(method=Method.MPESA, mpesa_receipt="").order_by()
    due = dict(
        unsent.values_list("refund__business_id").annotate(
            cents=Sum(F("amount_cents") - F("reversed_cents"))
        )
    )
    return [
        Finding(
            business.slug,
            0,
            f"refunds have KES {format_shillings(due.get(business.pk, 0))} to send,"
            f" account 2140 says KES {format_shillings(-account.get(business.pk, 0))}",
        )
        for business in Business.objects.order_by("pk")
        if due.get(business.pk, 0) != -account.get(business.pk, 0)
    ]


def _left_on(code: str, prefixes: Iterable[str]) -> dict[int, int]:
    """Return business id -> cents on an account from all that entries with these keys posted."""
    is_a_flow = reduce(or_, (Q(entry__key__startswith=prefix) for prefix in prefixes))
    rows = Line.objects.filter(is_a_flow, account__code=code).exclude(entry__key__in=_set_aside())
    rows = rows.order_by()
    return dict(rows.values_list("entry__business_id").annotate(cents=Sum("amount_cents")))


def _set_aside() -> QuerySet[Any]:
    """Return the keys of payments that were marked to be given back: the inbox's, see `mpesa`.

    They are refund:<receipt>:<key> and those of credit notes refund:<id>, so they begin alike.
    """
    return Allocation.objects.filter(purpose=Purpose.REFUND).values("key")


def _owed_by_sales() -> dict[int, int]:
    """Return business id -> totals of sales with a receipt, less cash and matches that count."""
    posted = Sale.objects.filter(state__in=POSTED)
    owed = dict(posted.order_by().values_list("business_id").annotate(cents=Sum("total_cents")))
    cash = Tender.objects.filter(method=Method.CASH, taken_back_at=None).order_by()
    to_1300 = (Purpose.SALE, Purpose.DEBT)
    matched = Allocation.objects.filter(purpose__in=to_1300, undone_at=None).order_by()
    paid = CustomerPayment.objects.order_by()
    off = RefundTender.objects.filter(method=Method.CREDIT).order_by()
    kept = RefundTender.objects.filter(reversed_cents__gt=0).order_by()
    kept_by = kept.values_list("refund__business_id").annotate(cents=Sum("reversed_cents"))
    for business_id, cents in kept_by:
        owed[business_id] = owed.get(business_id, 0) - cents
    for rows, business in (
        (cash, "sale__business_id"),
        (matched, "payment__till__business_id"),
        (paid, "customer__business_id"),
        (off, "refund__business_id"),
    ):
        for business_id, cents in rows.values_list(business).annotate(cents=Sum("amount_cents")):
            owed[business_id] = owed.get(business_id, 0) - cents
    return owed


def _key(prefix: str) -> Concat:
    return Concat(Value(prefix), Cast("pk", CharField()))


def _some(rows: QuerySet[Any], slug: str) -> Iterator[tuple[str, int]]:
    return iter(rows.order_by("pk").values_list(slug, "pk")[:MOST_NAMED])
