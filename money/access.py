"""Who may do what where: roles to abilities, as data, and the questions that edges ask of it."""

from enum import StrEnum

from django.db.models import Max, OuterRef, QuerySet, Subquery

from money.limits import DELIVERED, IN_BASIS_POINTS, Limit, widest
from money.models import Business, Role, RoleLimit, User


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
    # Open and close a cash session: count a float in, count the drawer out.
    HANDLE_CASH = "handle_cash"
    # What the drawer should hold, before it is counted.
    SEE_EXPECTED_CASH = "see_expected_cash"
    # Write the note that a difference above the limit needs.
    EXPLAIN_CASH = "explain_cash"
    # Read Z reports.
    SEE_CASH = "see_cash"
    # Give money back on a receipt, as far as the limit goes.
    REFUND = "refund"
    # Buy, count, move and write off goods.
    KEEP_STOCK = "keep_stock"
    SEE_STOCK = "see_stock"
    # Who works here in which role, and what was done to that; only who manages changes it.
    SEE_STAFF = "see_staff"


ABILITIES: dict[str, frozenset[Ability]] = {
    Role.OWNER: frozenset(Ability),
    Role.MANAGER: frozenset(
        {
            Ability.SELL,
            Ability.SEE_TAKINGS,
            Ability.SET_PRICES,
            Ability.SET_ASIDE,
            Ability.CLOSE_DAYS,
            Ability.HANDLE_CASH,
            Ability.SEE_EXPECTED_CASH,
            Ability.EXPLAIN_CASH,
            Ability.SEE_CASH,
            Ability.REFUND,
            Ability.KEEP_STOCK,
            Ability.SEE_STOCK,
            Ability.SEE_STAFF,
        }
    ),
    Role.CASHIER: frozenset({Ability.SELL, Ability.HANDLE_CASH, Ability.REFUND, Ability.SEE_STOCK}),
    Role.LAUNDRY_ATTENDANT: frozenset({Ability.SELL, Ability.HANDLE_CASH}),
    Role.RIDER: frozenset({Ability.SELL, Ability.HANDLE_CASH}),
    Role.ACCOUNTANT: frozenset(
        {
            Ability.SEE_BOOKS,
            Ability.SEE_TAKINGS,
            Ability.KEEP_BOOKS,
            Ability.CLOSE_DAYS,
            Ability.SEE_EXPECTED_CASH,
            Ability.SEE_CASH,
            Ability.SEE_STOCK,
            Ability.SEE_STAFF,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Ability.SEE_BOOKS,
            Ability.SEE_TAKINGS,
            Ability.SEE_EXPECTED_CASH,
            Ability.SEE_CASH,
            Ability.SEE_STOCK,
            Ability.SEE_STAFF,
        }
    ),
}

# Who signs in to the admin: those for whom it has something. Others work at the counter.
OPENS_ADMIN = frozenset({Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR})

# A limit bounds an ability: a role without the ability has no use for it, whatever it says.
LIMITED: dict[Limit, Ability] = {
    Limit.DISCOUNT: Ability.SELL,
    Limit.REFUND: Ability.REFUND,
    Limit.PRICE_OVERRIDE: Ability.SELL,
    Limit.CASH_DIFFERENCE: Ability.HANDLE_CASH,
    Limit.PAY_OUT: Ability.HANDLE_CASH,
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


def limits_in(business: Business) -> dict[str, dict[Limit, int | None]]:
    """Return role -> limit -> cents or basis points in force; None is no limit, 0 not at all.

    The newest of the owner's rows; what is delivered where there is none.
    """
    rows = RoleLimit.objects.filter(business=business)
    newest = rows.values("role", "limit").annotate(newest=Max("pk")).values("newest")
    found = {role: dict(limits) for role, limits in DELIVERED.items()}
    for row in RoleLimit.objects.filter(pk__in=newest):
        limit = Limit(row.limit)
        found[row.role][limit] = row.most_bp if limit in IN_BASIS_POINTS else row.most_cents
    return found


def limits_of(user: User, business: Business) -> dict[Limit, int | None]:
    """Return each limit of `user` in `business` in cents or basis points, the widest of the roles.

    None is no limit, as for a superuser; 0 is not at all, as for who has no role there.
    """
    if user.is_superuser:
        return dict.fromkeys(Limit)
    roles = list(user.memberships.filter(business=business).values_list("role", flat=True))
    of_roles = limits_in(business)
    return {
        limit: widest(of_roles[role][limit] for role in roles if LIMITED[limit] in ABILITIES[role])
        for limit in Limit
    }


def rights_of(
    user: User, business: Business, limit: Limit
) -> tuple[frozenset[Ability], int | None]:
    """Return all that `user` may do in `business`, and how far in `limit`, by one statement.

    For a page that asks for both; the limit is that of `limits_of`.
    """
    if user.is_superuser:
        return frozenset(Ability), None
    column = "most_bp" if limit in IN_BASIS_POINTS else "most_cents"
    set_rows = RoleLimit.objects.filter(business=business, role=OuterRef("role"), limit=limit)
    newest = set_rows.order_by("-pk")[:1]
    rows = user.memberships.filter(business=business).annotate(
        set_row=Subquery(newest.values("pk")), most=Subquery(newest.values(column))
    )
    roles = {
        role: DELIVERED[role][limit] if set_row is None else most
        for role, set_row, most in rows.values_list("role", "set_row", "most")
    }
    abilities = frozenset[Ability]().union(*(ABILITIES[role] for role in roles))
    has_use = [most for role, most in roles.items() if LIMITED[limit] in ABILITIES[role]]
    return abilities, widest(has_use)


def limit_of(user: User, business: Business, limit: Limit) -> int | None:
    """Return how far `user` may go in `business`, in the unit of `limit`; see `limits_of`."""
    return limits_of(user, business)[limit]
