"""Permissions of the admin follow from roles: nobody ticks boxes per model."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model

from money.access import Ability, abilities_of
from money.models import User

PERMISSIONS: dict[Ability, frozenset[str]] = {
    Ability.SEE_BOOKS: frozenset(
        {
            "money.view_entry",
            "money.view_line",
            "money.view_account",
            "money.view_attachment",
            "money.view_journal",
            "money.view_journalline",
            "money.view_periodevent",
            "money.view_exciserate",
            "money.view_business",
            "money.view_taxperson",
            "money.view_taxrate",
            "mpesa.view_allocation",
            "mpesa.view_balancegap",
            "mpesa.view_initiatororder",
            "mpesa.view_payment",
            "mpesa.view_paymentrequest",
            "mpesa.view_pullrun",
            "mpesa.view_reversal",
            "mpesa.view_statementrow",
            "mpesa.view_statementupload",
            "mpesa.view_tiedday",
            "mpesa.view_till",
            "shops.view_sale",
            "shops.view_saleline",
            "shops.view_tender",
            "shops.view_purchase",
            "shops.view_purchaseline",
            "shops.view_stockcount",
            "shops.view_stockcountline",
            "shops.view_stockmove",
            "shops.view_product",
        }
    ),
    Ability.KEEP_BOOKS: frozenset({"money.add_account", "money.change_account"}),
    # No permission of Django's own: the front page asks it before it leads there.
    Ability.CLOSE_DAYS: frozenset({"money.close_days"}),
    Ability.SET_PRICES: frozenset(
        {"shops.view_product", "shops.add_product", "shops.change_product"}
    ),
    Ability.MANAGE: frozenset(
        {
            "money.change_business",
            "money.change_taxperson",
            "money.add_taxrate",
            "money.add_exciserate",
            "money.view_user",
            "money.view_membership",
            "mpesa.change_till",
            "mpesa.view_closedreference",
            "mpesa.add_closedreference",
            "mpesa.delete_closedreference",
            "mpesa.view_inboundmessage",
            "mpesa.view_stray",
            "mpesa.view_erasure",
            "periodic.view_backup",
            "periodic.view_drill",
            "periodic.view_alert",
            "periodic.view_mail",
            "periodic.view_job",
            "periodic.view_schedule",
            "periodic.add_schedule",
            "periodic.change_schedule",
            "huey_monitor.view_taskmodel",
            "huey_monitor.view_signalinfomodel",
        }
    ),
}


class RoleBackend(ModelBackend):
    """Signs people in by password and derives their permissions from their roles."""

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """Return the permissions that the user's roles give, read once per request."""
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        cached: set[str] | None = getattr(user_obj, "_role_permissions", None)
        if cached is None:
            abilities = abilities_of(user_obj)
            cached = set().union(*(PERMISSIONS.get(ability, ()) for ability in abilities))
            user_obj._role_permissions = cached  # type: ignore[attr-defined] # noqa: SLF001
        return cached

    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Any = None
    ) -> bool:
        """Tell whether a role of the user gives `perm`; Django itself lets superusers through."""
        return perm in self.get_all_permissions(user_obj, obj)
