"""Switch of people at a counter: tap a name, type the PIN. Only on a device that is known."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from money.actions.pins import NotEntered, UnknownDevice, enter_by_pin
from money.forms.fields import id_of
from money.models import Device
from money.queries import people_with_pins
from shops.views.doors import fields_of, stored
from shops.views.on_device import (
    ACTIVE,
    BY_PIN,
    PIN_CHANGED,
    device_of,
    safe_next,
    to_login,
    to_switch,
)


@sensitive_post_parameters("pin")
@never_cache
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Show the names, then the keypad of one; a right PIN begins a session of its own."""
    device = device_of(request)
    if device is None:
        return to_login(request, "/")
    if request.method == "GET":
        who, back = stored(request.GET.get("who", "")), stored(request.GET.get("next", ""))
        return _page(request, device, who, back)
    fields = fields_of(request)
    who, back = fields.get("who", ""), fields.get("next", "")
    try:
        _enter(request, device, who, fields.get("pin", ""))
    except UnknownDevice:
        return to_login(request, "/")
    except NotEntered as refusal:
        return _page(request, device, who, back, refusal)
    return redirect(safe_next(back, device.business))


def _enter(request: HttpRequest, device: Device, who: str, pin: str) -> None:
    """Try the PIN; where it is right, nothing of the session before is left."""
    now = timezone.now()
    held = enter_by_pin(device_id=device.pk, user_id=id_of(who), pin=pin[:12], at=now)
    request.session.flush()
    auth.login(request, held.user)
    request.session[BY_PIN] = device.pk
    request.session[PIN_CHANGED] = held.changed_at.isoformat()
    request.session[ACTIVE] = now.isoformat()


def _page(
    request: HttpRequest,
    device: Device,
    who: str,
    back: str,
    refusal: NotEntered | None = None,
) -> HttpResponse:
    people = list(people_with_pins(device.business))
    context = {
        "device": device,
        "business": device.business,
        "people": people,
        "person": next((one for one in people if one.pk == id_of(who)), None),
        "next": safe_next(back, device.business),
        "refusal": refusal,
        "digits": "123456789",
    }
    return render(request, "shops/switch.html", context, status=422 if refusal else 200)


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """End the session at once; a PIN leads back to the page."""
    device = device_of(request)
    auth.logout(request)
    if device is None:
        return to_login(request, "/")
    return to_switch(request, safe_next(fields_of(request).get("next", ""), device.business))


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Hear that somebody taps or types where nothing is sent; the door has noted it."""
    return HttpResponse(status=204)
