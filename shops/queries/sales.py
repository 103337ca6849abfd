"""Reads of a shop: where a sale stands, what it says on its receipt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from money.models import Business
from mpesa.masking import mask_phone
from mpesa.models import Allocation, Payment, PaymentRequest, Purpose, RequestState
from mpesa.queries import touched, unmatched_payments
from mpesa.results import meaning_of
from shops.models import OWING, Method, RefundTender, Sale, SaleLine, SaleState, Tender


class Stage(StrEnum):
    """Where a sale stands in the cashier's eyes."""

    OPEN = "open"
    OWED = "owed"
    SENDING = "sending"
    RINGING = "ringing"
    SILENT = "silent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    PAID = "paid"
    CANCELLED = "cancelled"


BROUGHT_NOTHING = (RequestState.FAILED, RequestState.EXPIRED)
STAGES_WITH_WAYS = {Stage.OPEN, Stage.OWED, Stage.SENDING, Stage.FAILED}
STAGES_THAT_MOVE = {Stage.SENDING, Stage.RINGING, Stage.SILENT, Stage.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Standing:
    """A sale's stage with what the page shows of it; `seconds_left` counts down while ringing."""

    stage: Stage
    request: PaymentRequest | None = None
    tender: Tender | None = None
    seconds_left: int = 0
    sentence: str = ""

    @property
    def is_moving(self) -> bool:
        """Whether the page has to look again by itself."""
        return self.stage in STAGES_THAT_MOVE

    @property
    def face(self) -> str:
        """What the page shows, but for the seconds: it is drawn anew when this changes."""
        return f"{self.stage}-{self.request.pk if self.request else 0}-{self.may_end}"

    @property
    def may_end(self) -> bool:
        """Whether the sale may be settled another way: not while a request is still live."""
        return self.request is None or self.request.state != RequestState.ASKED

    @property
    def has_ways(self) -> bool:
        """Whether the page shows the ways to pay what is due."""
        is_silent = self.stage is Stage.SILENT and self.may_end
        return is_silent or self.stage in STAGES_WITH_WAYS

    @property
    def typed_phone(self) -> str:
        """The phone that was asked, as people type it, for asking it once more."""
        # An erased customer has left an empty one.
        return f"0{self.request.phone[3:]}" if self.request and self.request.phone else ""

    @property
    def masked_phone(self) -> str:
        """The phone that is asked, but for its middle."""
        return mask_phone(self.request.phone) if self.request else ""


def owed_cents(sale: Sale) -> int:
    """Return the cents that nothing which still counts has settled.

    Goods that came back and whose money was taken back as well are owed no more.
    """
    live = sale.tenders.filter(taken_back_at=None)
    paid = live.aggregate(cents=Sum("amount_cents", default=0))["cents"]
    if sale.number is None:
        return int(sale.total_cents - paid)
    back = RefundTender.objects.filter(refund__sale=sale)
    kept = back.aggregate(cents=Sum("reversed_cents", default=0))["cents"]
    return int(sale.total_cents - paid - kept)


def awaited_payments(sale: Sale) -> QuerySet[PaymentRequest]:
    """Return paid requests of a sale whose money is on its way to it: it comes by itself."""
    return PaymentRequest.objects.filter(
        Q(payment=None) | Q(~touched("payment"), payment__reversed_cents=0),
        reference=sale.reference,
        state=RequestState.PAID,
    )


def standing_of(sale: Sale, now: datetime) -> Standing:
    """Return where a sale stands at `now`."""
    if sale.state == SaleState.CANCELLED:
        return Standing(Stage.CANCELLED)
    if sale.state == SaleState.PAID:
        live = sale.tenders.filter(taken_back_at=None).select_related("payment")
        return Standing(Stage.PAID, tender=live.order_by("pk").last())
    if request := _request_in_hand(sale):
        return _standing_of_request(request, now)
    return Standing(Stage.OWED if sale.state == SaleState.OWED else Stage.OPEN)


def _request_in_hand(sale: Sale) -> PaymentRequest | None:
    """Return the newest request of a sale that still says where it stands.

    None from before its money was taken back, none whose payment has come, and none that failed
    before a part was paid another way.
    """
    rows = PaymentRequest.objects.filter(reference=sale.reference)
    rows = rows.filter(~Q(state=RequestState.PAID) | Q(pk__in=awaited_payments(sale)))
    parts = sale.tenders.filter(taken_back_at=None).order_by("-taken_at")
    if last := parts.values_list("taken_at", flat=True).first():
        rows = rows.exclude(state__in=BROUGHT_NOTHING, created_at__lt=last)
    if sale.state == SaleState.OWED:
        lost = sale.tenders.filter(taken_back_at__isnull=False)
        if last := lost.order_by("-taken_back_at").values_list("taken_back_at", flat=True).first():
            rows = rows.filter(created_at__gt=last)
    return rows.order_by("-pk").first()


def _standing_of_request(request: PaymentRequest, now: datetime) -> Standing:
    if request.state == RequestState.CREATED:
        return Standing(Stage.SENDING, request)
    if request.state == RequestState.ASKED:
        asked_at = request.asked_at or now
        ends_at = asked_at + timedelta(seconds=settings.STK_PROMPT_SECONDS)
        if ends_at > now:
            return Standing(
                Stage.RINGING, request, seconds_left=int((ends_at - now).total_seconds()) + 1
            )
        return Standing(Stage.SILENT, request)
    if request.state == RequestState.UNKNOWN:
        return Standing(Stage.SILENT, request)
    if request.state == RequestState.PAID:
        return Standing(Stage.CONFIRMED, request)
    return Standing(Stage.FAILED, request, sentence=meaning_of(request.result_code).sentence)


@dataclass(frozen=True, slots=True)
class VatRow:
    """The tax of one letter on a receipt: percent as text, cents gross and tax."""

    tax_class: str
    rate: str
    gross_cents: int
    vat_cents: int


def vat_rows(lines: Iterable[SaleLine]) -> list[VatRow]:
    """Return one row per tax letter and rate of a sale's lines; the cents re-add to the sale's."""
    sums: dict[tuple[str, int], list[int]] = {}
    for line in lines:
        held = sums.setdefault((line.tax_class, line.rate_bp), [0, 0])
        held[0] += line.amount_cents
        held[1] += line.vat_cents
    return [
        VatRow(tax_class, f"{rate_bp / 100:g}", gross, vat)
        for (tax_class, rate_bp), (gross, vat) in sorted(sums.items())
    ]


def payments_to_match() -> QuerySet[Payment]:
    """Return payments that were asked for by a sale which still owes them, oldest first.

    One that was matched before stays where people put it, and so does one that was taken back.
    """
    owing = Sale.objects.filter(state__in=OWING).annotate(
        its_reference=Concat(Value("sale:"), Cast("pk", CharField()))
    )
    return unmatched_payments().filter(
        Exists(owing.filter(its_reference=OuterRef("request__reference"))),
        ~touched("pk"),
        reversed_cents=0,
    )


def sales_to_reopen() -> list[str]:
    """Return the references of sales that stand as paid by a match which was undone."""
    undone = Allocation.objects.filter(purpose=Purpose.SALE, undone_at__isnull=False)
    live = Allocation.objects.filter(
        payment=OuterRef("payment"), reference=OuterRef("reference"), undone_at=None
    )
    rows = undone.filter(
        ~Exists(live),
        payment__tenders__taken_back_at=None,
        payment__tenders__method=Method.MPESA,
        reference=Concat(Value("sale:"), Cast(F("payment__tenders__sale_id"), CharField())),
    )
    return sorted(set(rows.values_list("reference", flat=True)))


def surplus_of(sale: Sale) -> list[Payment]:
    """Return payments that came in for a sale beside what settled it: they are to be given back."""
    if sale.state in OWING:
        return []
    rows = unmatched_payments().filter(request__reference=sale.reference, reversed_cents=0)
    # Of one that paid a part, the rest; not what people have set aside since.
    aside = Allocation.objects.filter(payment=OuterRef("pk"), undone_at=None)
    return list(rows.exclude(Exists(aside.exclude(reference=sale.reference))))


def cart_of(sale: Sale) -> dict[int, int]:
    """Return product id -> thousandths of its unit, as the sale was rung up."""
    return dict(sale.lines.values_list("product_id", "quantity_milli"))


def sale_of_key(business: Business, key: str) -> Sale | None:
    """Return the sale that a counter form was used for before, if any."""
    return Sale.objects.filter(business=business, key=key).first()


def recent_sales(business: Business, limit: int = 8) -> QuerySet[Sale]:
    """Return the newest sales of a business."""
    return Sale.objects.filter(business=business).order_by("-pk")[:limit]
