"""Who may do what where: roles to abilities, as data, and the questions that edges ask of it."""

from enum import StrEnum

from django.db.models import QuerySet

from money.models import Business, Role, User


class Ability(StrEnum):
    SELL = "sell"
    SEE_BOOKS = "see_books"
    SEE_TAKINGS = "see_takings"
    SET_PRICES = "set_prices"
    # Keep a customer's money, mark it to be given back, undo what it was matched to.
    SET_ASIDE = "set_aside"
    MANAGE = "manage"
    # Journals, reversals, months to lock, years to close.
    KEEP_BOOKS = "keep_books"
    CLOSE_DAYS = "close_days"
    UNLOCK = "unlock"


ABILITIES: dict[str, frozenset[Ability]] = {
    Role.OWNER: frozenset(Ability),
    Role.MANAGER: frozenset(
        {
            Ability.SELL,
            Ability.SEE_TAKINGS,
            Ability.SET_PRICES,
            Ability.SET_ASIDE,
            Ability.CLOSE_DAYS,
        }
    ),
    Role.CASHIER: frozenset({Ability.SELL}),
    Role.LAUNDRY_ATTENDANT: frozenset({Ability.SELL}),
    Role.RIDER: frozenset({Ability.SELL}),
    Role.ACCOUNTANT: frozenset(
        {Ability.SEE_BOOKS, Ability.SEE_TAKINGS, Ability.KEEP_BOOKS, Ability.CLOSE_DAYS}
    ),
    Role.AUDITOR: frozenset({Ability.SEE_BOOKS, Ability.SEE_TAKINGS}),
}


def roles_with(ability: Ability) -> list[str]:
    """Return the roles that have `ability`."""
    return [role for role, abilities in ABILITIES.items() if ability in abilities]


def businesses_for(user: User, ability: Ability) -> QuerySet[Business]:
    """Return the businesses in which `user` may use `ability`; a superuser may in all."""
    businesses = Business.objects.order_by("name")
    if user.is_superuser:
        return businesses
    return businesses.filter(
        pk__in=user.memberships.filter(role__in=roles_with(ability)).values("business_id")
    )


def abilities_of(user: User) -> frozenset[Ability]:
    """Return every ability that `user` has in at least one business."""
    if user.is_superuser:
        return frozenset(Ability)
    roles = user.memberships.values_list("role", flat=True).distinct()
    return frozenset().union(*(ABILITIES[role] for role in roles))
