"""Tills in the admin: how far their owner trusts what arrives, new secrets, closed references."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from money.access import Ability
from money.admin import OfMine, Scoped
from money.admin.scope import managed_by
from money.cents import NotAnAmount, format_shillings, parse_shillings
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.tills import NotNow, finish_rotation, rotate_secret
from mpesa.models import ClosedReference, Till, Trust
from mpesa.payloads import normalise_reference


class TillForm(forms.ModelForm):
    """Takes the limit of trust in shillings and keeps cents."""

    trusted_up_to = forms.CharField(
        label="Trusted up to KES",
        max_length=16,
        help_text="A payment that nobody asked for and that is above this waits in quarantine"
        " until Safaricom, asked by us, says the same.",
    )

    class Meta:
        model = Till
        fields = ("trust",)
        help_texts = {
            "trust": "What shows that a payment that nobody asked for is Safaricom's word."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was = (self.instance.trust, self.instance.trusted_up_to_cents)
        if "trusted_up_to" in self.fields:  # who only reads has no fields
            self.fields["trusted_up_to"].initial = format_shillings(self.was[1])

    def clean_trusted_up_to(self) -> int:
        """Return the limit in cents; 0 trusts nothing that nobody asked for."""
        try:
            cents = parse_shillings(self.cleaned_data["trusted_up_to"])
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error
        self.instance.trusted_up_to_cents = cents
        return cents


@admin.register(Till)
class TillAdmin(Scoped, admin.ModelAdmin):
    form = TillForm
    list_display = (
        "number",
        "kind",
        "business",
        "shortcode",
        "trust",
        "trusted_up_to",
        "rotated_at",
        "is_rotating",
    )
    list_select_related = ("business",)
    readonly_fields = ("business", "kind", "number", "shortcode", "rotated_at", "is_rotating")
    fields = (*readonly_fields, "trust", "trusted_up_to")
    ordering = ("number",)
    actions = ("rotate", "finish")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Till | None = None) -> bool:
        # Permissions add up over all roles of a person: an owner here may be an auditor there.
        managed = obj is None or managed_by(request).filter(pk=obj.business_id).exists()
        return managed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Till,
        form: ModelForm,
        change: bool,  # noqa: FBT001 Django's own signature
    ) -> None:
        """Keep the trust alone: the secret may have been rotated since the page was opened."""
        obj.save(update_fields=["trust", "trusted_up_to_cents"])

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 Django's own signature
    ) -> Any:
        """Say in the log what the trust was and what it is."""
        till = form.instance
        return (
            f"Trusted: {_trust_in_words(till.trust, till.trusted_up_to_cents)}."
            f" It was: {_trust_in_words(*form.was)}."
        )

    @admin.display(description="Trusted up to KES", ordering="trusted_up_to_cents")
    def trusted_up_to(self, till: Till) -> str:
        return format_shillings(till.trusted_up_to_cents)

    @admin.display(description="Old address still valid", boolean=True)
    def is_rotating(self, till: Till) -> bool:
        return bool(till.previous_secret)

    @admin.action(description="Rotate the callback secret", permissions=["change"])
    def rotate(self, request: HttpRequest, tills: QuerySet[Till]) -> None:
        sentence = (
            "{}: old and new addresses are valid. Register the new ones at Safaricom"
            " (callback_urls), then finish the rotation."
        )
        self._each(
            request,
            tills,
            sentence,
            lambda pk, by: rotate_secret(till_id=pk, by=by, now=timezone.now()),
        )

    @admin.action(description="Finish the rotation", permissions=["change"])
    def finish(self, request: HttpRequest, tills: QuerySet[Till]) -> None:
        self._each(
            request,
            tills,
            "{}: the old addresses are strangers' now.",
            lambda pk, by: finish_rotation(till_id=pk, by=by),
        )

    def _each(
        self,
        request: HttpRequest,
        tills: QuerySet[Till],
        sentence: str,
        act: Callable[[int, Any], Till],
    ) -> None:
        """Do it till by till: one that is refused leaves the others done."""
        for till in tills.order_by("number"):
            try:
                act(till.pk, request.user)
            except (NotNow, NotAllowed) as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, sentence.format(till))


def _trust_in_words(trust: str, cents: int) -> str:
    return f"{Trust(trust).label}, up to KES {format_shillings(cents)}"


class ClosedReferenceForm(forms.ModelForm):
    """Takes a reference as customers type it and keeps its letters and digits."""

    class Meta:
        model = ClosedReference
        fields = ("till", "reference", "reason")

    def clean_reference(self) -> str:
        reference = normalise_reference(self.cleaned_data["reference"])
        if not reference:
            raise forms.ValidationError("Write the reference with letters or digits, such as A12.")
        return reference


@admin.register(ClosedReference)
class ClosedReferenceAdmin(Scoped, admin.ModelAdmin):
    """Who manages a till closes account references and opens them again; none is changed."""

    business_path = "till__business"
    ability = Ability.MANAGE
    form = ClosedReferenceForm
    list_display = ("reference", "till", "reason", "by", "at")
    list_filter = (("till__business", OfMine),)
    list_select_related = ("till", "by")
    search_fields = ("reference",)
    ordering = ("till__number", "reference")

    def get_fields(self, request: HttpRequest, obj: ClosedReference | None = None) -> Any:
        new = ("till", "reference", "reason")
        return (*new, "by", "at") if obj else new

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        kwargs["queryset"] = Till.objects.filter(business__in=managed_by(request)).order_by(
            "number"
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: ClosedReference,
        form: ModelForm,
        change: bool,  # noqa: FBT001 Django's own signature
    ) -> None:
        """Keep who closed it and when."""
        obj.by, obj.at = request.user, timezone.now()  # type: ignore[assignment] # staff
        obj.save(force_insert=True)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
