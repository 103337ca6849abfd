"""People, their roles, and businesses in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from money.admin.scope import OnlyShownLookups, ReadOnly, Scoped, managed_by
from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.models import Business, Membership, User


class MembershipInline(ReadOnly, admin.TabularInline):
    """Roles in the businesses that the user manages; those elsewhere are not seen."""

    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).filter(business__in=managed_by(request))


@admin.register(User)
class PersonAdmin(OnlyShownLookups, ReadOnly, UserAdmin):
    """People of the businesses that the user manages, and those with no role, to look at.

    They are hired, changed and let go on the page of people of a business, which leaves a trace;
    this page leads there. Superusers are shown to superusers alone.
    """

    list_display = ("username", "first_name", "last_name", "is_active")
    list_filter = ("is_active",)
    ordering = ("username",)
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "phone")}),
        ("Access", {"fields": ("is_active", "is_staff", "must_change_password", "last_login")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        if request.user.is_superuser:
            return people
        ours = Membership.objects.filter(business__in=managed_by(request))
        return people.filter(
            Q(pk__in=ours.values("user_id")) | ~Q(pk__in=Membership.objects.values("user_id")),
            is_superuser=False,
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and lead to where people are changed."""
        context = {"managed": managed_by(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one person, and lead to where people are changed."""
        context = {"managed": managed_by(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


class BusinessForm(forms.ModelForm):
    """Takes the limit of a second person in shillings and keeps cents."""

    approval_above = forms.CharField(
        label="Second person above KES",
        max_length=16,
        help_text="A manual journal above this waits for a second person's approval.",
    )

    class Meta:
        model = Business
        fields = ("name", "address", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = format_shillings(self.instance.approval_above_cents)
        if "approval_above" in self.fields:  # who only reads has no fields
            self.fields["approval_above"].initial = limit

    def clean_approval_above(self) -> int:
        """Return the limit in cents."""
        try:
            cents = parse_shillings(self.cleaned_data["approval_above"])
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error
        self.instance.approval_above_cents = cents
        return cents


@admin.register(Business)
class BusinessAdmin(Scoped, admin.ModelAdmin):
    business_path = "pk"
    form = BusinessForm
    list_display = ("name", "slug", "trade", "tax_person")
    list_select_related = ("tax_person",)
    fields = ("name", "slug", "trade", "tax_person", "address", "phone", "approval_above")
    readonly_fields = ("slug", "trade", "tax_person")
    ordering = ("name",)

    @admin.display(description="Second person above KES")
    def approval_above(self, business: Business) -> str:
        """Show the limit to who only reads: the form's field is for who changes it."""
        return format_shillings(business.approval_above_cents)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Permissions add up over all roles of a person: an owner here may be an auditor there.
        managed = obj is None or managed_by(request).filter(pk=obj.pk).exists()
        return managed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
