"""What arrived, in the admin: read only but for the release of what waits in quarantine."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from money.access import Ability
from money.admin import OfMine, OnlyShownLookups, ReadOnly, Scoped, manages_all
from mpesa import doorbell
from mpesa.actions.quarantine import LEAST_REASON, NotAllowed, NotReleasable, release
from mpesa.masking import mask
from mpesa.models import Erasure, InboundMessage, InboundState, Release, Stray


class ReleaseForm(forms.Form):
    """Takes the reason for which a message is believed; it stays on record for ever."""

    reason = forms.CharField(
        label="How you checked it with Safaricom",
        min_length=LEAST_REASON,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Such as: seen in the portal, receipt and amount are the same.",
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if mask(reason) != reason:
            raise forms.ValidationError(
                "Leave out phones and secret numbers: this text stays on record for ever."
            )
        return reason


@admin.register(InboundMessage)
class InboundMessageAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "till__business"
    ability = Ability.MANAGE
    list_display = ("id", "channel", "till", "state", "note", "received_at", "handled_at")
    list_filter = ("state", "channel", ("till__business", OfMine))
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
        "released",
    )
    readonly_fields = ("masked_body", "released")

    @admin.display(description="Body, masked")
    def masked_body(self, message: InboundMessage) -> str:
        if message.body is None:
            return "(erased)"
        return mask(bytes(message.body).decode("utf-8", "replace"))

    @admin.display(description="Released")
    def released(self, message: InboundMessage) -> str:
        made = Release.objects.select_related("by").filter(message=message).first()
        if made is None:
            return ""
        return f"{timezone.localtime(made.at):%d %b %Y %H:%M:%S} by {made.by}: {made.reason}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.release_view)
        name = "mpesa_inboundmessage_release"
        return [path("<path:object_id>/release/", view, name=name), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        message = self.get_object(request, unquote(object_id))
        extra = {"may_be_released": message is not None and _may_be_released(message)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason and release one message; there is no way to release many."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        message = self.get_object(request, unquote(object_id))
        if message is None:
            self.message_user(request, "There is no such message.", messages.WARNING)
            return redirect("admin:index")
        form = ReleaseForm(request.POST or None)
        if form.is_valid() and self._release(request, message, form):
            return redirect(reverse("admin:mpesa_inboundmessage_change", args=[message.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Release from quarantine",
            "opts": self.opts,
            "message": message,
            "body": self.masked_body(message),
            "may_be_released": _may_be_released(message),
            "form": form,
        }
        return TemplateResponse(request, "admin/mpesa/inboundmessage/release.html", context)

    def _release(self, request: HttpRequest, message: InboundMessage, form: ReleaseForm) -> bool:
        reason, by = form.cleaned_data["reason"], request.user
        try:
            release(message_id=message.pk, reason=reason, by=by, now=timezone.now())  # type: ignore[arg-type] # staff
        except (NotAllowed, NotReleasable) as refusal:
            form.add_error(None, str(refusal))
            return False
        self.log_change(request, message, f"Released: {reason}")
        doorbell.payments.press()
        self.message_user(request, "Released. It is understood anew in a moment.")
        return True


def _may_be_released(message: InboundMessage) -> bool:
    held = message.state == InboundState.QUARANTINED and message.body is not None
    return held and not Release.objects.filter(message=message).exists()


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
    list_display = ("at", "by", "requests", "messages", "strays", "payers", "uploads")
    list_display_links = None
    list_select_related = ("by",)
    ordering = ("-pk",)

    def has_view_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        # A phone belongs to no business.
        return manages_all(request) and super().has_view_permission(request, obj)
