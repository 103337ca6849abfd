"""Who sees which rows in the admin: bases for the pages of every floor."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from money.access import Ability, businesses_for
from money.models import Business

# What the admin's own filters put behind a field's name.
FILTER_ENDINGS = ("", "__exact", "__id__exact", "__isnull", "__gte", "__lt")


class ReadOnly:
    """Nothing is added, changed or deleted here; what may be seen, the role decides."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OfMine(admin.RelatedOnlyFieldListFilter):
    """A filter by business that is in force even where only one of them has rows.

    Django leaves out a filter with a single choice, and with it the condition of the address.
    """

    def has_output(self) -> bool:
        return True


class OnlyShownLookups:
    """Refuses filters by what the page does not show: a query string could spell a secret out."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        filters = self.list_filter  # type: ignore[attr-defined]
        names = [one if isinstance(one, str) else one[0] for one in filters]
        return any(lookup == f"{name}{ending}" for name in names for ending in FILTER_ENDINGS)


class Scoped(OnlyShownLookups):
    """Rows of the businesses in which the user may see the books; `business_path` leads there."""

    business_path = "business"
    ability = Ability.SEE_BOOKS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(**{f"{self.business_path}__in": mine(request, self.ability)})


def mine(request: HttpRequest, ability: Ability) -> QuerySet[Business]:
    """Return the businesses in which who asks may use `ability`."""
    return businesses_for(request.user, ability)  # type: ignore[arg-type]


def managed_by(request: HttpRequest) -> QuerySet[Business]:
    """Return the businesses that who asks manages."""
    return mine(request, Ability.MANAGE)


def manages_all(request: HttpRequest) -> bool:
    """Tell whether the user manages every business: what holds for all is theirs alone."""
    return not Business.objects.exclude(pk__in=managed_by(request)).exists()
