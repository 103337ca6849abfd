"""The owner's pages of people: hire, roles, first passwords, has left, and limits per role."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from money.access import Ability, businesses_for, limits_in
from money.actions import staff
from money.actions.limits import LimitRefused, limits_for, set_as_delivered, set_limits
from money.actions.staff import StaffRefused
from money.cents import NotAnAmount
from money.forms.fields import id_of
from money.limits import DELIVERED, IN_BASIS_POINTS, LABELS, Limit, said
from money.models import Business, Pin, Role, User
from money.queries import left_of, people_to_take_on, staff_events
from mpesa.phones import NotAPhone
from shops.forms_people import read_limits, read_person, read_roles, typed
from shops.views.doors import fields_of, for_those_who, user_of

REFUSALS = (StaffRefused, LimitRefused, NotAPhone, NotAnAmount)
# In words what a role opens, for who ticks it.
WORDS: dict[str, str] = {
    Role.OWNER: "everything, and who works here",
    Role.MANAGER: "counter, cash, stock, prices, takings",
    Role.CASHIER: "counter, cash drawer",
    Role.LAUNDRY_ATTENDANT: "counter, cash drawer",
    Role.RIDER: "counter, cash drawer",
    Role.ACCOUNTANT: "books and journals, sells nothing",
    Role.AUDITOR: "sees the books, changes nothing",
}
EVENTS = 100

for_managers = for_those_who(Ability.MANAGE)


@for_managers
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, business: Business) -> HttpResponse:
    """Hire somebody, and show the first password, this once."""
    fields = fields_of(request)
    if request.method == "GET":
        return _new_page(request, business, fields)
    try:
        user, password = staff.hire(
            business=business,
            username=fields.get("username", ""),
            person=read_person(fields),
            roles=read_roles(fields),
            by=user_of(request),
            at=timezone.now(),
        )
    except REFUSALS as refusal:
        return _new_page(request, business, fields, refusal)
    return _password_page(request, business, user, password)


@for_managers
@require_POST
def take_on(request: HttpRequest, business: Business) -> HttpResponse:
    """Give a role to somebody of another business, or who comes back."""
    fields = fields_of(request)
    try:
        user, password = staff.take_on(
            business=business,
            user_id=id_of(fields.get("person", "")),
            roles=read_roles(fields),
            by=user_of(request),
            at=timezone.now(),
        )
    except REFUSALS as refusal:
        return _new_page(request, business, fields, refusal, is_taking_on=True)
    if password:
        return _password_page(request, business, user, password)
    messages.success(request, f"{user.first_name or user} works here now.")
    return redirect("people:people", business.slug)


@for_managers
@require_GET
def person(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Show one person, what may be done, and what was."""
    return _person_page(request, business, user_id)


@for_managers
@require_POST
def roles(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Let the person have exactly the roles that are ticked."""

    def act() -> None:
        staff.change_roles(
            business=business,
            user_id=user_id,
            roles=read_roles(fields_of(request)),
            by=user_of(request),
            at=timezone.now(),
        )

    return _act(request, business, user_id, act, "The roles are as ticked.")


@for_managers
@require_POST
def details(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Write down another name, phone or e-mail address."""

    def act() -> None:
        staff.change_details(
            business=business,
            user_id=user_id,
            person=read_person(fields_of(request)),
            by=user_of(request),
            at=timezone.now(),
        )

    return _act(request, business, user_id, act, "Written down.")


@for_managers
@require_POST
def password(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Make a new first password, and show it this once."""
    try:
        made = staff.reset_password(
            business=business, user_id=user_id, by=user_of(request), at=timezone.now()
        )
    except REFUSALS as refusal:
        return _person_page(request, business, user_id, refusal)
    return _password_page(request, business, User.objects.get(pk=user_id), made)


@for_managers
@require_POST
def left(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Close everything here to who has left."""

    def act() -> None:
        staff.let_go(business=business, user_id=user_id, by=user_of(request), at=timezone.now())

    return _act(request, business, user_id, act, "Closed. What the person did stays on record.")


@for_managers
@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest, business: Business) -> HttpResponse:
    """Show how far each role goes by itself, and set it for one role."""
    fields = fields_of(request)
    if request.method == "GET":
        return _limits_page(request, business, fields)
    by, now = user_of(request), timezone.now()
    role = fields.get("role", "")
    try:
        if fields.get("delivered"):
            set_as_delivered(business=business, role=role, by=by, at=now)
        else:
            set_limits(business=business, role=role, wanted=read_limits(fields), by=by, at=now)
    except REFUSALS as refusal:
        return _limits_page(request, business, fields, refusal)
    messages.success(request, f"The limits of {Role(role).label.lower()} are set.")
    return redirect("people:limits", business.slug)


def _act(
    request: HttpRequest, business: Business, user_id: int, act: Callable[[], None], done: str
) -> HttpResponse:
    try:
        act()
    except REFUSALS as refusal:
        return _person_page(request, business, user_id, refusal)
    messages.success(request, done)
    return redirect("people:person", business.slug, user_id)


def _ticks(held: frozenset[str]) -> list[dict[str, Any]]:
    return [
        {"role": role, "label": label, "words": WORDS[role], "held": role in held}
        for role, label in Role.choices
    ]


def _new_page(
    request: HttpRequest,
    business: Business,
    fields: Mapping[str, str],
    refusal: Exception | None = None,
    *,
    is_taking_on: bool = False,
) -> HttpResponse:
    known = people_to_take_on(business, user_of(request))
    context = {
        "business": business,
        "fields": fields,
        "ticks": _ticks(frozenset() if is_taking_on else read_roles(fields)),
        "ticks_on": _ticks(read_roles(fields) if is_taking_on else frozenset()),
        "known": known,
        "chosen": id_of(fields.get("person", "")),
        "is_taking_on": is_taking_on,
        "refusal": refusal,
    }
    return render(request, "shops/person_new.html", context, status=422 if refusal else 200)


def _person_page(
    request: HttpRequest, business: Business, user_id: int, refusal: Exception | None = None
) -> HttpResponse:
    found = get_object_or_404(User, pk=user_id)
    held = frozenset(business.memberships.filter(user=found).values_list("role", flat=True))
    if not held and not left_of(business).filter(pk=found.pk).exists():
        raise Http404
    by = user_of(request)
    elsewhere = found.memberships.exclude(business=business)
    mine = businesses_for(by, Ability.MANAGE)
    context = {
        "business": business,
        "person": found,
        "phone": f"0{found.phone[3:]}" if found.phone else "",
        "is_self": found.pk == by.pk,
        "works_here": bool(held),
        "ticks": _ticks(held),
        "elsewhere": mine.filter(pk__in=elsewhere.values("business_id")),
        "is_shared": elsewhere.exclude(business__in=mine).exists(),
        "has_pin": Pin.objects.filter(user=found).exclude(hash="").exists(),
        "events": staff_events(business).filter(person=found)[:EVENTS],
        "refusal": refusal,
        "fields": fields_of(request) if refusal else {},
    }
    return render(request, "shops/person.html", context, status=422 if refusal else 200)


def _password_page(request: HttpRequest, business: Business, user: User, made: str) -> HttpResponse:
    """Show a first password: in this answer alone, which no cache keeps."""
    context = {"business": business, "person": user, "password": made}
    return render(request, "shops/first_password.html", context)


def _limits_page(
    request: HttpRequest,
    business: Business,
    fields: Mapping[str, str],
    refusal: Exception | None = None,
) -> HttpResponse:
    in_force, refused = limits_in(business), fields.get("role", "") if refusal else ""
    cards = [
        _card(role, in_force[role], fields if role == refused else None)
        for role in Role.values
        if limits_for(role)
    ]
    has_card = any(card["is_refused"] for card in cards)
    context = {"business": business, "cards": cards, "refusal": refusal, "has_card": has_card}
    return render(request, "shops/limits.html", context, status=422 if refusal else 200)


def _card(
    role: str, in_force: Mapping[Limit, int | None], sent: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return the card of a role; where it was refused, with what was `sent`."""
    delivered = DELIVERED[role]
    rows = []
    for limit in limits_for(role):
        was = typed(in_force[limit])
        rows.append(
            {
                "limit": limit.value,
                "label": LABELS[limit],
                "unit": "%" if limit in IN_BASIS_POINTS else "KES",
                "was": was if sent is None else sent.get(f"was-{limit}", was),
                "text": was if sent is None else sent.get(limit, ""),
                "has_none": not was if sent is None else bool(sent.get(f"none-{limit}")),
                "delivered": said(limit, delivered[limit]),
            }
        )
    return {
        "role": role,
        "label": Role(role).label,
        "is_refused": sent is not None,
        "rows": rows,
        "is_delivered": all(in_force[limit] == delivered[limit] for limit in limits_for(role)),
    }
