"""How the simulator's own JSON API reads bodies, and says in a sentence what is wrong."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from mpesa.simulator.access import TooMany
from mpesa.simulator.knobs import BadKnob
from mpesa.simulator.mailroom import NoSuchLetter
from mpesa.simulator.moves import NothingToSweep, NotReversed
from mpesa.simulator.outcomes import BadDecision
from mpesa.simulator.world import AlreadyEnded, NoSuchPrompt, NotEnded

NAME_MOST = 200
SHORTCODE_DIGITS = range(5, 8)
View = Callable[..., HttpResponse]


class BadRequest(ValueError):
    """The request makes no sense; its sentence says why."""


STATUSES: dict[type[Exception], int] = {
    BadRequest: 400,
    BadKnob: 400,
    BadDecision: 400,
    TooMany: 400,
    NoSuchPrompt: 404,
    NoSuchLetter: 404,
    AlreadyEnded: 409,
    NotEnded: 409,
    NotReversed: 409,
    NothingToSweep: 409,
}
SENTENCES: dict[type[Exception], str] = {
    NoSuchPrompt: "There is no prompt {}.",
    NoSuchLetter: "There is no message {}.",
    AlreadyEnded: "This prompt has ended already.",
    NotEnded: "This prompt is still open: it has no callback yet.",
}


def as_sentences(*methods: str) -> Callable[[View], View]:
    """Allow only `methods`, and answer each expected problem with a status and a sentence."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **parts: str) -> HttpResponse:
            if request.method not in methods:
                return _problem(405, f"This address takes {' or '.join(methods)} only.")
            try:
                return view(request, **parts)
            except tuple(STATUSES) as problem:
                name = parts.get("name", "")
                status = next(s for kind, s in STATUSES.items() if isinstance(problem, kind))
                known = SENTENCES.get(type(problem))
                return _problem(status, known.format(name) if known else str(problem))

        return answer

    return decorate


def json_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in a body; no body is an empty one."""
    if not request.body:
        return {}
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise BadRequest("The body is no JSON.") from problem
    if not isinstance(found, dict):
        raise BadRequest("The body is no JSON object.")
    return found


def only(fields: Mapping[str, Any], *known: str) -> None:
    """Refuse fields that nobody knows."""
    unknown = set(fields) - set(known)
    if unknown:
        raise BadRequest(f"There is no field {min(unknown)!r}. Known are: {', '.join(known)}.")


def shortcode_of(value: object, *, needed: bool = False) -> str:
    """Return a shortcode, or an empty text where none is given and none is needed."""
    text = str(value if value is not None else "")
    good = text.isascii() and text.isdigit() and len(text) in SHORTCODE_DIGITS
    if not good and (text or needed):
        raise BadRequest(f"{text!r} is no shortcode: write 5 to 7 digits.")
    return text


def text_of(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a field that is a short text."""
    value = fields.get(name, default)
    if value == "" and default == "":
        return ""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= NAME_MOST:
        raise BadRequest(f"{name} must be a text of 1 to {NAME_MOST} characters.")
    return value


def whole_of(fields: Mapping[str, Any], name: str, most: int, default: int | None = None) -> int:
    """Return a field that is a whole number from 1 to `most`."""
    value: object = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadRequest(f"{name} must be a whole number from 1 to {most}.")
    return value


def choice_of(fields: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    """Return a field that is one of `choices`; the first of them is the default."""
    value = fields.get(name, choices[0])
    if value not in choices:
        raise BadRequest(f"{name} is {value!r}: write one of {', '.join(choices)}.")
    return str(value)


def day_of(fields: Mapping[str, Any], name: str) -> date:
    """Return a field that is a day such as 2026-11-22."""
    try:
        return date.fromisoformat(str(fields.get(name)))
    except ValueError as problem:
        raise BadRequest(f"{name} must be a day such as 2026-11-22.") from problem


def _problem(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
