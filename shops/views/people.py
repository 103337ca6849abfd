"""One's own PIN, who works here, and for who runs the shop its counter devices and all PINs."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.actions.devices import NoName, NotYours, make_device, revoke_device
from money.actions.own_pin import WrongPassword, set_pin
from money.actions.pins import BadPin, NotTheirs, clear_pin
from money.actions.sign_in import Door
from money.models import Business, Device, Pin, Role
from money.queries import left_of, staff_events, staff_of
from mpesa.views.callbacks import address_of
from shops.views.doors import fields_of, for_sellers, for_those_who, may, user_of
from shops.views.on_device import device_of, give_token, token_of

REFUSALS = (BadPin, NotTheirs, WrongPassword, NoName, NotYours)
EVENTS = 100
OTHER_PIN = "The two PINs are not the same. Type the new one twice."


@for_those_who(Ability.SELL, Ability.SEE_STAFF)
@require_GET
def people(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what of people, PINs and devices concerns who asks."""
    return _page(request, business)


@sensitive_post_parameters("password", "pin", "again")
@for_sellers
@require_POST
def own_pin(request: HttpRequest, business: Business) -> HttpResponse:
    """Set one's own PIN, after the own password."""
    fields, user = fields_of(request), user_of(request)

    def act() -> None:
        if fields.get("pin") != fields.get("again"):
            raise BadPin(OTHER_PIN)
        password, pin = fields.get("password", ""), fields.get("pin", "")
        door = Door(address_of(request))
        set_pin(user=user, password=password, pin=pin, door=door, at=timezone.now())

    return _act(request, business, act, "Your PIN is set. It opens the counter, nothing else.")


@for_those_who(Ability.SET_PRICES)
@require_POST
def new_device(request: HttpRequest, business: Business) -> HttpResponse:
    """Make the browser that asks a counter of the business."""
    try:
        device, token = make_device(
            business=business,
            name=fields_of(request).get("name", ""),
            by=user_of(request),
            at=timezone.now(),
            token_before=token_of(request),
        )
    except REFUSALS as refusal:
        return _page(request, business, refusal)
    # Who made it is signed in by password still, which opens more than the counter.
    messages.success(
        request,
        f"This is {device.name} now, a counter of {business.name}. You are signed in by password"
        " here: press Switch before you hand it over.",
    )
    response = redirect("people:people", business.slug)
    give_token(response, token)
    return response


@for_those_who(Ability.MANAGE)
@require_POST
def revoke(request: HttpRequest, business: Business, device_id: int) -> HttpResponse:
    """End a device and what is signed in on it by PIN."""

    def act() -> None:
        user, now = user_of(request), timezone.now()
        revoke_device(device_id=device_id, business=business, by=user, at=now)

    return _act(request, business, act, "The device is no counter any more.")


@for_those_who(Ability.MANAGE)
@require_POST
def clear(request: HttpRequest, business: Business, user_id: int) -> HttpResponse:
    """Take a person's PIN away; the person sets a new one."""

    def act() -> None:
        clear_pin(user_id=user_id, business=business, by=user_of(request), at=timezone.now())

    return _act(request, business, act, "The PIN is cleared. The person sets a new one.")


def _act(
    request: HttpRequest, business: Business, act: Callable[[], None], done: str
) -> HttpResponse:
    try:
        act()
    except REFUSALS as refusal:
        return _page(request, business, refusal)
    messages.success(request, done)
    return redirect("people:people", business.slug)


def _page(
    request: HttpRequest, business: Business, refusal: Exception | None = None
) -> HttpResponse:
    user = user_of(request)
    context: dict[str, Any] = {
        "business": business,
        "sells": may(user, Ability.SELL, business),
        "has_pin": Pin.objects.filter(user=user).exclude(hash="").exists(),
        "here": device_of(request),
        "may_make": may(user, Ability.SET_PRICES, business),
        "manages": may(user, Ability.MANAGE, business),
        "refusal": refusal,
    }
    if may(user, Ability.SEE_STAFF, business):
        context["staff"] = [
            (person, ", ".join(Role(role).label for role in roles))
            for person, roles in staff_of(business)
        ]
        context["left"] = left_of(business)
        context["events"] = staff_events(business)[:EVENTS]
    if context["manages"]:
        devices = Device.objects.filter(business=business).order_by("revoked_at", "-made_at")
        members = business.memberships.values("user_id")
        pins = Pin.objects.filter(user_id__in=members).select_related("user", "cleared_by")
        context["devices"] = devices.select_related("made_by", "revoked_by")
        context["pins"] = pins.order_by("user__first_name", "user__username")
    return render(request, "shops/people.html", context, status=422 if refusal else 200)
