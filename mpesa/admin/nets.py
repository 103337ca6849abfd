"""What we asked Safaricom to do, and what reconciliation found, in the admin: read only."""

from typing import Any, ClassVar

from django.contrib import admin

from money.admin import OfMine, ReadOnly, Scoped
from money.cents import format_shillings
from mpesa.masking import mask
from mpesa.models import (
    BalanceGap,
    InitiatorOrder,
    PullRun,
    Reversal,
    StatementRow,
    StatementUpload,
    TiedDay,
)


class OfTill(Scoped, ReadOnly, admin.ModelAdmin):
    """Rows of the tills of one's own businesses; amounts in shillings, words masked."""

    business_path = "till__business"
    list_filter: ClassVar[Any] = (("till__business", OfMine),)
    list_select_related: ClassVar[Any] = ("till",)
    ordering: ClassVar[Any] = ("-pk",)

    @admin.display(description="KES", ordering="amount_cents")
    def amount(self, row: Any) -> str:
        return "" if row.amount_cents is None else format_shillings(row.amount_cents)

    @admin.display(description="Note")
    def masked_note(self, row: Any) -> str:
        return mask(row.note)


@admin.register(InitiatorOrder)
class InitiatorOrderAdmin(OfTill):
    list_display = ("id", "till", "kind", "receipt", "amount", "state", "said", "created_at")
    list_filter = (("till__business", OfMine), "kind", "state")
    search_fields = ("receipt",)
    fields = (
        "till",
        "kind",
        "receipt",
        "amount",
        "state",
        "result_code",
        "said",
        "by",
        "created_at",
        "asked_at",
        "ended_at",
        "next_try_at",
        "tries",
    )
    readonly_fields = ("amount", "said")

    @admin.display(description="Safaricom's words")
    def said(self, order: InitiatorOrder) -> str:
        return mask(order.result_text)


@admin.register(Reversal)
class ReversalAdmin(OfTill):
    business_path = "payment__till__business"
    list_display = ("id", "payment", "origin", "amount", "state", "receipt", "proposed_at")
    list_filter = (("payment__till__business", OfMine), "origin", "state")
    list_select_related = ("payment",)
    search_fields = ("receipt", "payment__receipt")
    fields = (
        "payment",
        "origin",
        "amount",
        "state",
        "receipt",
        "reason",
        "proposed_by",
        "proposed_at",
        "approved_by",
        "approved_at",
        "ended_at",
        "masked_note",
    )
    readonly_fields = ("amount", "masked_note")


@admin.register(PullRun)
class PullRunAdmin(OfTill):
    list_display = ("at", "till", "since", "until", "verdict", "rows", "new", "masked_note")
    list_filter = (("till__business", OfMine), "verdict", "at")
    fields = ("till", "at", "since", "until", "verdict", "rows", "new", "masked_note")
    readonly_fields = ("masked_note",)


@admin.register(BalanceGap)
class BalanceGapAdmin(OfTill):
    business_path = "after__till__business"
    list_display = ("id", "till", "missing", "between", "found_at", "closed_at")
    list_filter = (("after__till__business", OfMine), "found_at")
    list_select_related = ("after__till", "before")
    fields = ("till", "missing", "between", "found_at", "closed_at", "masked_note")
    readonly_fields = ("till", "missing", "between", "masked_note")

    @admin.display(description="Till", ordering="after__till__number")
    def till(self, gap: BalanceGap) -> str:
        return str(gap.after.till)

    @admin.display(description="Missing KES", ordering="missing_cents")
    def missing(self, gap: BalanceGap) -> str:
        return format_shillings(gap.missing_cents)

    @admin.display(description="Between the payments")
    def between(self, gap: BalanceGap) -> str:
        return f"{gap.before.receipt} and {gap.after.receipt}"


@admin.register(StatementUpload)
class StatementUploadAdmin(OfTill):
    list_display = ("id", "till", "masked_name", "first_day", "last_day", "rows", "state", "at")
    list_filter = (("till__business", OfMine), "state")
    fields = (
        "till",
        "masked_name",
        "first_day",
        "last_day",
        "rows",
        "state",
        "is_erased",
        "by",
        "at",
        "done_at",
        "masked_note",
    )
    readonly_fields = ("masked_name", "is_erased", "masked_note")

    def get_queryset(self, request: Any) -> Any:
        # A file may have megabytes; whether it is there is one bit.
        return super().get_queryset(request).defer("content")

    @admin.display(description="File")
    def masked_name(self, upload: StatementUpload) -> str:
        return mask(upload.name)

    @admin.display(description="Content erased", boolean=True)
    def is_erased(self, upload: StatementUpload) -> bool:
        return StatementUpload.objects.filter(pk=upload.pk, content=None).exists()


@admin.register(StatementRow)
class StatementRowAdmin(OfTill):
    list_display = ("receipt", "till", "kind", "amount", "at", "linked_receipt", "is_posted")
    list_filter = (("till__business", OfMine), "kind", "at")
    search_fields = ("receipt", "linked_receipt")
    ordering = ("-at", "-pk")
    fields = (
        "till",
        "upload",
        "receipt",
        "kind",
        "amount",
        "balance",
        "at",
        "linked_receipt",
        "is_posted",
        "masked_note",
    )
    readonly_fields = ("amount", "balance", "is_posted", "masked_note")

    @admin.display(description="KES", ordering="amount_cents")
    def amount(self, row: StatementRow) -> str:
        """Show what came in, and with a minus what went out."""
        return f"{'-' if row.sign < 0 else ''}{format_shillings(row.amount_cents)}"

    @admin.display(description="Balance KES")
    def balance(self, row: StatementRow) -> str:
        return "" if row.balance_cents is None else format_shillings(row.balance_cents)

    @admin.display(description="Posted", boolean=True)
    def is_posted(self, row: StatementRow) -> bool:
        return bool(row.posted_key)


@admin.register(TiedDay)
class TiedDayAdmin(OfTill):
    list_display = ("day", "till", "payments", "total", "tied_at", "masked_note")
    list_filter = (("till__business", OfMine), "day")
    ordering = ("-day", "till__number")
    fields = ("till", "day", "payments", "total", "tied_at", "masked_note")
    readonly_fields = ("total", "masked_note")

    @admin.display(description="KES", ordering="total_cents")
    def total(self, day: TiedDay) -> str:
        return format_shillings(day.total_cents)
