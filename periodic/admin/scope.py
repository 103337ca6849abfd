"""Rows that may concern no single business: those are for who manages all of them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from money.access import Ability
from money.admin import OnlyShownLookups, ReadOnly, Scoped, manages_all
from money.admin.scope import mine


class ScopedOrOfAll(Scoped):
    """Rows of the businesses that the user manages; those of none, for who manages every one."""

    ability = Ability.MANAGE

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super(Scoped, self).get_queryset(request)  # type: ignore[misc]
        allowed = Q(business__in=mine(request, self.ability))
        if manages_all(request):
            allowed |= Q(business=None)
        return rows.filter(allowed)


class OfTheHouse(ReadOnly, OnlyShownLookups):
    """Rows that belong to no business: seen by who manages all of them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows if manages_all(request) else rows.none()
