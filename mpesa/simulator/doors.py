"""What every request of a merchant passes first: the edge of the gateway, and its token."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from mpesa.simulator import ids, intake, payloads, refusals
from mpesa.simulator.refusals import ErrorRow, Refused
from mpesa.simulator.world import World

WORLD_KEY = "simulator.world"
DarajaView = Callable[[HttpRequest, World], HttpResponse]


def world_of(request: HttpRequest) -> World:
    """Return the world that the server put into this request's environment."""
    world = request.META[WORLD_KEY]
    assert isinstance(world, World)
    return world


def as_daraja_answers(view: DarajaView) -> Callable[[HttpRequest], HttpResponse]:
    """Give the view its world, and turn what it refuses into Daraja's error answer."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        world = world_of(request)
        try:
            _pass_the_edge(request, world)
            return view(request, world)
        except Refused as refused:
            row = refused.row
            if not row.code:
                return HttpResponse(row.message, status=row.status)
            body = payloads.error(row, refused.request_id or ids.request_id())
            return JsonResponse(body, status=row.status)

    return answer


def authorised_fields(
    request: HttpRequest,
    world: World,
    *,
    invalid: Callable[[str], ErrorRow] | ErrorRow = refusals.INVALID_TOKEN,
    stk: bool = False,
    methods: tuple[str, ...] = ("POST",),
) -> dict[str, Any]:
    """Return the JSON object of a request that has a good token and is covered by the products."""
    if request.method not in methods:
        raise Refused(refusals.method_not_allowed(str(request.method)))
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not world.access.is_good(token, timezone.now()):
        raise Refused(invalid(token) if callable(invalid) else invalid)
    products = world.knobs.current().products
    if products == "none" or (products == "stk_only" and not stk):
        raise Refused(refusals.NO_PRODUCT)
    return intake.read_object(request.body, request.content_type or "")


def _pass_the_edge(request: HttpRequest, world: World) -> None:
    knobs = world.knobs.current()
    caller = str(request.META.get("REMOTE_ADDR", ""))
    most = knobs.burst_per_second
    if knobs.edge == "firewall" or (most and world.burst.is_too_much(caller, most, timezone.now())):
        raise Refused(refusals.FIREWALL)
    unlucky = secrets.randbelow(100) < knobs.unreachable_percent
    if knobs.edge == "unreachable" or unlucky:
        raise Refused(refusals.UNREACHABLE)
