"""The rail in the admin: everything may be looked at, nothing changed; phones stay masked."""

from django.contrib import admin
from django.http import HttpRequest

from money.access import Ability
from money.admin import OfMine, OnlyShownLookups, ReadOnly, Scoped, manages_all
from money.cents import format_shillings
from mpesa.masking import mask, mask_phone
from mpesa.models import Erasure, InboundMessage, Payment, PaymentRequest, Stray, Till


@admin.register(Till)
class TillAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("number", "kind", "business", "shortcode", "rotated_at", "is_rotating")
    fields = ("business", "kind", "number", "shortcode", "rotated_at", "is_rotating")
    readonly_fields = ("rotated_at", "is_rotating")
    ordering = ("number",)

    @admin.display(description="Old address still valid", boolean=True)
    def is_rotating(self, till: Till) -> bool:
        return bool(till.previous_secret)


@admin.register(Payment)
class PaymentAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "till__business"
    list_display = ("receipt", "business", "amount", "paid_at", "unmatched", "matched_to")
    list_filter = (("till__business", OfMine), "paid_at")
    list_select_related = ("till__business", "request")
    search_fields = ("receipt",)
    ordering = ("-paid_at",)
    fields = ("receipt", "till", "amount", "unmatched", "paid_at", "recorded_at", "request")
    readonly_fields = ("amount", "unmatched")

    @admin.display(ordering="till__business__name")
    def business(self, payment: Payment) -> str:
        return payment.till.business.name

    @admin.display(description="KES", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        return format_shillings(payment.amount_cents)

    @admin.display(description="Unmatched KES")
    def unmatched(self, payment: Payment) -> str:
        return format_shillings(payment.amount_cents - payment.allocated_cents)

    @admin.display(description="Asked for")
    def matched_to(self, payment: Payment) -> str:
        return payment.request.reference if payment.request else ""


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


@admin.register(InboundMessage)
class InboundMessageAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "till__business"
    ability = Ability.MANAGE
    list_display = ("id", "channel", "till", "state", "note", "received_at", "handled_at")
    list_filter = ("state", "channel")
    list_select_related = ("till",)
    ordering = ("-pk",)
    fields = (
        "channel",
        "till",
        "state",
        "note",
        "received_at",
        "handled_at",
        "address",
        "headers",
        "sha256",
        "masked_body",
    )
    readonly_fields = ("masked_body",)

    @admin.display(description="Body, masked")
    def masked_body(self, message: InboundMessage) -> str:
        if message.body is None:
            return "(erased)"
        return mask(bytes(message.body).decode("utf-8", "replace"))


@admin.register(Stray)
class StrayAdmin(OnlyShownLookups, ReadOnly, admin.ModelAdmin):
    list_display = ("received_at", "reason", "path", "address")
    ordering = ("-pk",)
    fields = ("received_at", "reason", "path", "address", "masked_body")

    def has_view_permission(self, request: HttpRequest, obj: Stray | None = None) -> bool:
        # A stray belongs to no business.
        return manages_all(request) and super().has_view_permission(request, obj)

    readonly_fields = ("masked_body",)

    @admin.display(description="First 4 kB, masked")
    def masked_body(self, stray: Stray) -> str:
        return mask(bytes(stray.body).decode("utf-8", "replace"))


@admin.register(Erasure)
class ErasureAdmin(OnlyShownLookups, ReadOnly, admin.ModelAdmin):
    list_display = ("at", "by", "requests", "messages", "strays")
    list_display_links = None
    list_select_related = ("by",)
    ordering = ("-pk",)

    def has_view_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        # A phone belongs to no business.
        return manages_all(request) and super().has_view_permission(request, obj)
