"""Payments and what phones were asked for, in the admin: read only, phones masked."""

import re
from datetime import datetime

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join

from money.admin import OfMine, ReadOnly, Scoped
from money.cents import format_shillings
from mpesa.masking import mask, mask_phone
from mpesa.models import Allocation, Payer, Payment, PaymentRequest, Reversal, Sighting

# A whole hash, or one with five characters hidden (REFERENCE 3.4).
_HASH = re.compile(r"[0-9a-fA-F]{30,}")


class AllocationInline(ReadOnly, admin.TabularInline):
    model = Allocation
    verbose_name_plural = "Matched to"
    fields = (
        "purpose",
        "reference",
        "amount",
        "by",
        "at",
        "undone_by",
        "undone_at",
        "undone_reason",
    )
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display(description="KES")
    def amount(self, allocation: Allocation) -> str:
        return format_shillings(allocation.amount_cents)


class ReversalInline(ReadOnly, admin.TabularInline):
    model = Reversal
    fields = ("origin", "amount", "state", "receipt", "reason", "proposed_by", "approved_by")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display(description="KES")
    def amount(self, reversal: Reversal) -> str:
        return format_shillings(reversal.amount_cents)


@admin.register(Payment)
class PaymentAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "till__business"
    list_display = ("receipt", "business", "amount", "paid_at", "unmatched", "matched_to")
    list_filter = (("till__business", OfMine), "paid_at")
    list_select_related = ("till__business", "request")
    search_fields = ("receipt",)
    ordering = ("-paid_at",)
    inlines = (AllocationInline, ReversalInline)
    fields = (
        "receipt",
        "till",
        "amount",
        "unmatched",
        "paid_at",
        "recorded_at",
        "request",
        "who_paid",
        "sightings",
    )
    readonly_fields = ("amount", "unmatched", "who_paid", "sightings")

    @admin.display(ordering="till__business__name")
    def business(self, payment: Payment) -> str:
        return payment.till.business.name

    @admin.display(description="KES", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        return format_shillings(payment.amount_cents)

    @admin.display(description="Unmatched KES")
    def unmatched(self, payment: Payment) -> str:
        return format_shillings(payment.left_cents)

    @admin.display(description="Asked for")
    def matched_to(self, payment: Payment) -> str:
        return payment.request.reference if payment.request else ""

    @admin.display(description="Who paid, masked")
    def who_paid(self, payment: Payment) -> str:
        payer = Payer.objects.filter(payment=payment).first()
        if payer is None:
            return ""
        typed = f"account {mask(payer.account_reference)}" if payer.account_reference else ""
        name = f"{payer.name[:1]}…" if payer.name else ""
        return ", ".join(filter(None, (name, shown_phone(payer.phone), typed)))

    @admin.display(description="Seen in")
    def sightings(self, payment: Payment) -> str:
        rows = Sighting.objects.filter(receipt=payment.receipt).order_by("seen_at", "pk")
        return format_html_join(
            "",
            "<div>{}: KES {}, paid {}, seen {}</div>",
            (
                (
                    row.get_source_display(),
                    format_shillings(row.amount_cents),
                    _at(row.paid_at),
                    _at(row.seen_at),
                )
                for row in rows
            ),
        )


def _at(instant: datetime) -> str:
    return f"{timezone.localtime(instant):%d %b %Y %H:%M:%S}"


def shown_phone(phone: str) -> str:
    """Return a phone that Safaricom masked as it is, a hash not at all: it is a phone too."""
    return "(hashed)" if _HASH.match(phone) else mask(phone)


@admin.register(PaymentRequest)
class PaymentRequestAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "till__business"
    list_display = ("id", "till", "reference", "amount", "masked_phone", "state", "result_text")
    list_filter = ("state", ("till__business", OfMine))
    list_select_related = ("till",)
    ordering = ("-pk",)
    fields = (
        "till",
        "reference",
        "amount",
        "masked_phone",
        "state",
        "result_code",
        "result_text",
        "created_by",
        "created_at",
        "asked_at",
        "ended_at",
        "next_query_at",
        "queries",
    )
    readonly_fields = ("amount", "masked_phone")

    @admin.display(description="KES", ordering="amount_cents")
    def amount(self, request: PaymentRequest) -> str:
        return format_shillings(request.amount_cents)

    @admin.display(description="Phone")
    def masked_phone(self, request: PaymentRequest) -> str:
        return mask_phone(request.phone)
