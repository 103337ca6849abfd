"""What the pages of people send, read once; every refusal is a sentence for the owner."""

from collections.abc import Mapping

from money.actions.limits import limits_for
from money.actions.staff import Person
from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.limits import IN_BASIS_POINTS, LABELS, Limit
from money.models import Role
from mpesa.phones import parse_phone


def read_person(fields: Mapping[str, str]) -> Person:
    """Return name, phone and e-mail address as they are kept. Raises NotAPhone."""
    phone = fields.get("phone", "").strip()
    return Person(
        first_name=fields.get("first_name", ""),
        last_name=fields.get("last_name", ""),
        phone=parse_phone(phone) if phone else "",
        email=fields.get("email", ""),
    )


def read_roles(fields: Mapping[str, str]) -> frozenset[str]:
    """Return the roles that are ticked, from fields named "role-cashier"."""
    return frozenset(role for role in Role.values if fields.get(f"role-{role}"))


def typed(limit: int | None) -> str:
    """Return a limit as its field shows it: shillings, or percent; empty for no limit."""
    return "" if limit is None else format_shillings(limit)


def read_limits(fields: Mapping[str, str]) -> dict[Limit, int | None]:
    """Return what was changed on the card of a role. Raises NotAnAmount.

    Each field comes with what it showed: what nobody touched is not set back where another owner
    has changed it meanwhile. Percent have two decimals, as shillings do: basis points.
    """
    wanted: dict[Limit, int | None] = {}
    for limit in limits_for(fields.get("role", "")):
        if limit not in fields:
            continue
        text, was = fields[limit].strip(), fields.get(f"was-{limit}", "").strip()
        has_none = bool(fields.get(f"none-{limit}"))
        if text == was and has_none == (was == ""):
            continue
        if has_none and text not in {"", was}:
            raise NotAnAmount(f"{LABELS[limit]}: write a limit or tick No limit, not both.")
        wanted[limit] = None if has_none else _read_limit(limit, text)
    return wanted


def _read_limit(limit: Limit, text: str) -> int:
    unit = "percent" if limit in IN_BASIS_POINTS else "shillings"
    try:
        return parse_shillings(text.removesuffix("%").strip())
    except NotAnAmount as error:
        raise NotAnAmount(
            f"{LABELS[limit]}: write {unit}, such as 0, 5 or 7.5, or tick No limit."
        ) from error
