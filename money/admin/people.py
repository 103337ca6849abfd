"""People, their roles, and businesses in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse

from money.admin.scope import OnlyShownLookups, Scoped, managed_by
from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.models import Business, Membership, User


class MembershipInline(admin.TabularInline):
    """Roles in the businesses that the user manages; those elsewhere are neither seen nor given."""

    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).filter(business__in=managed_by(request))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "business":
            kwargs["queryset"] = managed_by(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class PersonAdmin(OnlyShownLookups, UserAdmin):
    """People of the businesses that the user manages, and those with no role yet.

    Whoever has a role elsewhere too keeps name, password and access: with another's password one
    would have another's rights. Superusers are shown to superusers alone.
    """

    list_display = ("username", "first_name", "last_name", "is_active")
    list_filter = ("is_active",)
    ordering = ("username",)
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff"),
                "description": "Staff may open this admin; roles below say what they see in it.",
            },
        ),
    )
    shared_fields = ("username", "first_name", "last_name", "email", "is_active", "is_staff")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        if request.user.is_superuser:
            return people
        ours = Membership.objects.filter(business__in=managed_by(request))
        return people.filter(
            Q(pk__in=ours.values("user_id")) | ~Q(pk__in=Membership.objects.values("user_id")),
            is_superuser=False,
        )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj and self._is_shared(request, obj):
            return ((None, {"fields": self.shared_fields}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj and self._is_shared(request, obj):
            return self.shared_fields
        return super().get_readonly_fields(request, obj)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 Django's own name
        form_url: str = "",
    ) -> HttpResponse:
        person = self.get_object(request, unquote(id))
        if person and self._is_shared(request, person):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def _is_shared(self, request: HttpRequest, person: User) -> bool:
        """Tell whether `person` has a role in a business that the user does not manage."""
        return person.memberships.exclude(business__in=managed_by(request)).exists()


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
