"""The inbox as people see it: what is unidentified, what it may have been for, what was done.

The number of statements is the same for one payment and for thousands.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from money.cents import NotAnAmount, parse_shillings
from money.models import Business
from mpesa.models import Allocation, Payer, Payment, PaymentRequest
from mpesa.payloads import normalise_reference
from mpesa.queries import KEPT, inbox_ties, is_payer, unmatched_payments
from shops.models import OWING, RefundTender, Sale, SaleState
from shops.suggestions import Alone, Owing, Suggestion, suggest

PER_PAGE = 20
LATELY = timedelta(days=3)
# More open sales of three days than anybody looks through.
MOST_SALES = 500
MOST_REGULAR = 1_000
LONGEST_PHONE = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A sale that a payment may have been for, and why."""

    sale: Sale
    owed_cents: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A payment with something left, and the sales that it may have been for."""

    payment: Payment
    payer: Payer | None
    offers: list[Offer]

    @property
    def shown_phone(self) -> str:
        """The payer's phone as far as it is shown; a hash says nothing to a reader."""
        phone = self.payer.phone if self.payer else ""
        return phone if len(phone) <= LONGEST_PHONE else ""


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of the inbox; `inbox_cents` and `account_cents` are equal, or something is wrong."""

    page: Page[Payment]
    items: list[Unidentified]
    owing: list[Sale]
    lost: list[Sale]
    history: list[Allocation]
    inbox_cents: int
    account_cents: int

    @property
    def ties(self) -> bool:
        """Whether both totals agree."""
        return self.inbox_cents == self.account_cents


def inbox_of(business: Business, *, words: str, page: str, now: datetime) -> Inbox:
    """Return the inbox of a business, newest first, where `words` is a receipt's or an amount.

    Read it inside one `money.snapshot()`, so that both totals are of one moment.
    """
    rows = _matching(unmatched_payments().filter(till__business=business), words)
    rows = rows.select_related("payer", "till").order_by("-paid_at", "-pk")
    shown = Paginator(rows, PER_PAGE).get_page(page)
    payments = list(shown.object_list)
    owing = owing_sales(business, now)
    inbox_cents, account_cents = inbox_ties([business])[business.slug]
    return Inbox(
        page=shown,
        items=_with_offers(payments, owing),
        owing=owing,
        lost=list(_owing().filter(business=business, state=SaleState.OWED).order_by("-pk")[:20]),
        history=list(_history(business, words)),
        inbox_cents=inbox_cents,
        account_cents=account_cents,
    )


def _matching(rows: QuerySet[Payment], words: str) -> QuerySet[Payment]:
    """Keep payments of a receipt, or of an amount: paid, or left."""
    text = words.strip()
    if not text:
        return rows
    found = Q(receipt__icontains=text)
    with suppress(NotAnAmount):
        cents = parse_shillings(text)
        left = KEPT - F("allocated_cents")
        rows = rows.annotate(left=left)
        found |= Q(amount_cents=cents) | Q(left=cents)
    return rows.filter(found)


def _owing() -> QuerySet[Sale]:
    """Return open and owed sales with `owed`: the cents that no live tender has settled."""
    paid = Coalesce(Sum("tenders__amount_cents", filter=Q(tenders__taken_back_at=None)), 0)
    back = RefundTender.objects.filter(refund__sale=OuterRef("pk")).order_by()
    kept = back.values("refund__sale").annotate(cents=Sum("reversed_cents")).values("cents")
    owed = F("total_cents") - paid - Coalesce(Subquery(kept), 0)
    return Sale.objects.filter(state__in=OWING).annotate(owed=owed)


def owing_sales(business: Business, now: datetime) -> list[Sale]:
    """Return the sales of the last three days that owe something, newest first, with `owed`."""
    lately = Q(created_at__gte=now - LATELY) | Q(state=SaleState.OWED)
    return list(_owing().filter(lately, business=business).order_by("-pk")[:MOST_SALES])


def _history(business: Business, words: str) -> QuerySet[Allocation]:
    """Return the latest matches, the machine's too; those of one receipt where it is asked for."""
    rows = Allocation.objects.filter(payment__till__business=business)
    if words.strip():
        rows = rows.filter(payment__receipt__icontains=words.strip())
    return rows.select_related("payment", "by", "undone_by").order_by("-pk")[:PER_PAGE]


def _with_offers(payments: list[Payment], owing: list[Sale]) -> list[Unidentified]:
    sales = {sale.pk: sale for sale in owing}
    asked = _phones_asked(owing)
    facts = [
        Owing(
            sale_id=sale.pk,
            owed_cents=_owed(sale),
            rung_up_at=sale.created_at,
            references=_references(sale),
            phones=frozenset(asked[sale.reference]),
        )
        for sale in owing
    ]
    phones = {phone for some in asked.values() for phone in some}
    regulars = _phones_of_regulars(payments)
    return [
        Unidentified(
            payment,
            payer := getattr(payment, "payer", None),
            _offers(suggest(_alone(payment, payer, phones, regulars), facts), sales),
        )
        for payment in payments
    ]


def _owed(sale: Sale) -> int:
    """Return what `_owing` annotated."""
    return int(getattr(sale, "owed"))  # noqa: B009 an annotation is no attribute of the class


def _references(sale: Sale) -> frozenset[str]:
    """Return what a customer may type for a sale, normalised."""
    number = {f"{sale.number}", f"RECEIPT{sale.number}"} if sale.number else set()
    return frozenset({sale.account_reference, normalise_reference(sale.reference), *number})


def _phones_asked(sales: Iterable[Sale]) -> dict[str, set[str]]:
    """Return reference -> phones that were asked for it."""
    rows = PaymentRequest.objects.filter(reference__in=[sale.reference for sale in sales])
    found: dict[str, set[str]] = defaultdict(set)
    for reference, phone in rows.exclude(phone="").values_list("reference", "phone"):
        found[reference].add(phone)
    return found


def _phones_of_regulars(payments: Iterable[Payment]) -> dict[str, set[str]]:
    """Return payer's key -> phones that were asked when the same payer paid before."""
    keys = {payer.key for p in payments if (payer := getattr(p, "payer", None)) and payer.key}
    rows = Payer.objects.filter(key__in=keys, payment__request__isnull=False)
    found: dict[str, set[str]] = defaultdict(set)
    pairs = rows.order_by("-pk").values_list("key", "payment__request__phone")
    for key, phone in pairs[:MOST_REGULAR]:
        found[key].add(phone)
    return found


def _alone(
    payment: Payment, payer: Payer | None, phones: set[str], regulars: dict[str, set[str]]
) -> Alone:
    known = regulars.get(payer.key, set()) if payer else set()
    return Alone(
        left_cents=payment.left_cents,
        paid_at=payment.paid_at,
        typed=normalise_reference(payer.account_reference) if payer else "",
        phones=frozenset(p for p in phones if payer and (p in known or is_payer(payer, p))),
    )


def _offers(found: list[Suggestion], sales: dict[int, Sale]) -> list[Offer]:
    return [Offer(sale, _owed(sale), one.reason) for one in found for sale in [sales[one.sale_id]]]


def sale_named(business: Business, text: str) -> Sale | None:
    """Return the sale that a person means: "SALE42", "sale 42", a receipt's number, or None."""
    name = normalise_reference(text)
    is_sale = name.startswith("SALE")
    digits = name.removeprefix("SALE").removeprefix("RECEIPT")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004
        return None
    field = "pk" if is_sale else "number"
    return Sale.objects.filter(business=business, **{field: int(digits)}).first()
