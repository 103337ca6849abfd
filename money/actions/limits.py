"""How far the roles of a business go: set by who manages it, for good, with a trace of each."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from money.access import ABILITIES, LIMITED, Ability, businesses_for, limits_in
from money.cents import MOST_CENTS
from money.limits import DELIVERED, IN_BASIS_POINTS, LABELS, MOST_BASIS_POINTS, Limit, said
from money.models import Business, Role, RoleLimit, StaffChange, StaffEvent, User


class LimitRefused(Exception):
    """No limit was changed; the message says why."""


def limits_for(role: str) -> list[Limit]:
    """Return the limits that one may set for `role`: those of its abilities, none of an owner."""
    if role == Role.OWNER or role not in ABILITIES:
        return []
    return [limit for limit in Limit if LIMITED[limit] in ABILITIES[role]]


def set_limits(
    *, business: Business, role: str, wanted: Mapping[Limit, int | None], by: User, at: datetime
) -> list[Limit]:
    """Set limits of a role, in cents or basis points, None for no limit; returns those changed.

    Raises LimitRefused, and then none has changed.
    """
    if not limits_for(role):
        raise LimitRefused("This role has no limits to set.")
    for limit, most in wanted.items():
        _insist_can_be(role, limit, most)
    with transaction.atomic():
        # So that two who set the same limit at once are two rows that say what was before.
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)
        if not businesses_for(by, Ability.MANAGE).filter(pk=business.pk).exists():
            raise LimitRefused("Only who manages a business sets its limits.")
        in_force = limits_in(business)[role]
        changed = [limit for limit, most in wanted.items() if most != in_force[limit]]
        for limit in changed:
            most = wanted[limit]
            unit = "most_bp" if limit in IN_BASIS_POINTS else "most_cents"
            RoleLimit.objects.create(
                business=business, role=role, limit=limit, set_by=by, set_at=at, **{unit: most}
            )
            words = f"{said(limit, in_force[limit])} → {said(limit, most)}"
            StaffEvent.objects.create(
                business=business,
                change=StaffChange.LIMIT,
                detail=f"{Role(role).label}, {LABELS[limit]}: {words}",
                by=by,
                at=at,
            )
    return changed


def set_as_delivered(*, business: Business, role: str, by: User, at: datetime) -> list[Limit]:
    """Set every limit of a role back to what a shop begins with. Raises LimitRefused."""
    wanted = {limit: DELIVERED[role][limit] for limit in limits_for(role)}
    return set_limits(business=business, role=role, wanted=wanted, by=by, at=at)


def _insist_can_be(role: str, limit: Limit, most: int | None) -> None:
    if limit not in limits_for(role):
        raise LimitRefused("This role does not do that at all, so it has no limit there.")
    ceiling = MOST_BASIS_POINTS if limit in IN_BASIS_POINTS else MOST_CENTS
    if most is not None and not 0 <= most <= ceiling:
        raise LimitRefused(f"{LABELS[limit]}: from 0 to {said(limit, ceiling)}.")
