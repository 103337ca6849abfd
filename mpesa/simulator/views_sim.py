"""The simulator's own JSON API, by which tests hold the phones and turn the knobs."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from mpesa.simulator.access import TooMany
from mpesa.simulator.knobs import BadKnob
from mpesa.simulator.outcomes import BadDecision
from mpesa.simulator.prompts import Prompt
from mpesa.simulator.views import world_of
from mpesa.simulator.world import AlreadyEnded, NoSuchPrompt, NotEnded

NAME_MOST = 200
SIZE_OF_LIST = 5_000
FILTERS: dict[str, Callable[[Prompt], str]] = {
    "phone": lambda prompt: prompt.push.phone,
    "shortcode": lambda prompt: prompt.push.shortcode,
    "reference": lambda prompt: prompt.push.reference,
    "state": lambda prompt: "open" if prompt.open else "ended",
}


class BadRequest(ValueError):
    """The request makes no sense; its sentence says why."""


def as_sentences(
    *methods: str,
) -> Callable[[Callable[..., JsonResponse]], Callable[..., JsonResponse]]:
    """Allow only `methods`, and answer each expected problem with a status and a sentence."""

    def decorate(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
        @wraps(view)
        def answer(request: HttpRequest, **parts: str) -> JsonResponse:
            if request.method not in methods:
                return _problem(405, f"This address takes {' or '.join(methods)} only.")
            try:
                return view(request, **parts)
            except (BadRequest, BadKnob, BadDecision, TooMany) as problem:
                return _problem(400, str(problem))
            except NoSuchPrompt:
                return _problem(404, f"There is no prompt {parts.get('name', '')}.")
            except AlreadyEnded:
                return _problem(409, "This prompt has ended already.")
            except NotEnded:
                return _problem(409, "This prompt is still open: it has no callback yet.")

        return answer

    return decorate


@as_sentences("GET")
def alive(request: HttpRequest) -> JsonResponse:
    """Say that the simulator runs."""
    prompts = world_of(request).prompts()
    opened = sum(prompt.open for prompt in prompts)
    return JsonResponse({"alive": True, "prompts": len(prompts), "open": opened})


@as_sentences("GET", "POST")
def knobs(request: HttpRequest) -> JsonResponse:
    """Show the knobs, or change some for all shortcodes or for one."""
    board = world_of(request).knobs
    if request.method == "POST":
        changes = _json_object(request)
        shortcode = _shortcode(changes.pop("shortcode", ""))
        if changes == {"clear": True} and shortcode:
            board.clear(shortcode)
        else:
            board.change(changes, shortcode=shortcode)
    return JsonResponse(board.as_json())


@as_sentences("POST")
def preset(request: HttpRequest, name: str) -> JsonResponse:
    """Apply a preset; a body may set further knobs on top of it."""
    board = world_of(request).knobs
    board.preset(name, _json_object(request))
    return JsonResponse(board.as_json())


@as_sentences("GET", "POST")
def credentials(request: HttpRequest) -> JsonResponse:
    """Show which consumer keys are known, or add one, or set the passkey of a shortcode."""
    access = world_of(request).access
    if request.method == "POST":
        fields = _json_object(request)
        if set(fields) == {"consumer_key", "consumer_secret"}:
            access.add_app(_name(fields, "consumer_key"), _name(fields, "consumer_secret"))
        elif set(fields) == {"shortcode", "passkey"}:
            access.set_passkey(_shortcode(fields["shortcode"]), _name(fields, "passkey"))
        else:
            raise BadRequest(
                "Write consumer_key and consumer_secret, or shortcode and passkey, nothing else."
            )
    return JsonResponse(access.as_json())


@as_sentences("GET")
def prompts(request: HttpRequest) -> JsonResponse:
    """List the prompts, newest first, by phone, shortcode, reference or state if asked."""
    wanted = request.GET.dict()
    unknown = set(wanted) - set(FILTERS)
    if unknown:
        raise BadRequest(f"There is no filter {min(unknown)!r}. Known are: {', '.join(FILTERS)}.")
    found = [
        prompt.as_json()
        for prompt in world_of(request).prompts()
        if all(FILTERS[name](prompt) == value for name, value in wanted.items())
    ]
    return JsonResponse({"prompts": found})


@as_sentences("GET")
def prompt(request: HttpRequest, name: str) -> JsonResponse:
    """Show one prompt."""
    return JsonResponse(world_of(request).prompt(name).as_json())


@as_sentences("POST")
def answer(request: HttpRequest, name: str) -> JsonResponse:
    """Answer a prompt in the customer's place."""
    fields = _json_object(request)
    if set(fields) != {"action"}:
        raise BadRequest('Write {"action": ...} and nothing else.')
    answered = world_of(request).answer(name, fields["action"], timezone.now())
    return JsonResponse(answered.as_json())


@as_sentences("POST")
def redeliver(request: HttpRequest, name: str) -> JsonResponse:
    """Send the callback of an ended prompt once more."""
    return JsonResponse(world_of(request).redeliver(name).as_json())


@as_sentences("POST")
def reset(request: HttpRequest) -> JsonResponse:
    """Forget everything."""
    world = world_of(request)
    world.reset()
    return JsonResponse(world.knobs.as_json())


def _json_object(request: HttpRequest) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise BadRequest("The body is no JSON.") from problem
    if not isinstance(found, dict):
        raise BadRequest("The body is no JSON object.")
    return found


def _shortcode(value: object) -> str:
    text = str(value)
    if text and not (text.isascii() and text.isdigit() and 5 <= len(text) <= 7):  # noqa: PLR2004
        raise BadRequest(f"{text!r} is no shortcode: write 5 to 7 digits.")
    return text


def _name(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= NAME_MOST:
        raise BadRequest(f"{name} must be a text of 1 to {NAME_MOST} characters.")
    return value


def _problem(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
