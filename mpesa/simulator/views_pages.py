"""Pages for people: the phones, one phone in the hand, and the knobs."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone

from mpesa.simulator import screen
from mpesa.simulator.knobs import CHOICES, PRESETS, RANGES, SWITCHES, BadKnob, Knobs
from mpesa.simulator.outcomes import ACTIONS, IGNORE, OUTCOMES, BadDecision
from mpesa.simulator.views import world_of
from mpesa.simulator.world import AlreadyEnded, NoSuchPrompt

PHONES_SHOWN = 50
CODE_PREFIX = "code "
BUTTONS = (
    ("approve", "Approve"),
    ("cancel", "Cancel"),
    ("wrong_pin", "Wrong PIN"),
    ("insufficient", "Not enough money"),
    ("ignore", "Ignore"),
)


def phones(request: HttpRequest) -> HttpResponse:
    """List the phones that ever rang, with a box to open any other."""
    typed = request.GET.get("number", "")
    number = screen.number_of(typed)
    if number:
        return HttpResponseRedirect(f"/phone/{number}")
    lines = screen.phone_lines(world_of(request).prompts())[:PHONES_SHOWN]
    return _page(
        "phones",
        {
            "lines": [(line, screen.spoken(line.number)) for line in lines],
            "typed": typed,
            "version": ".".join(f"{line.number}-{line.count}-{line.rings}" for line in lines),
        },
        status=400 if typed else 200,
    )


def phone(request: HttpRequest, phone: str) -> HttpResponse:
    """Show one phone: the open question with its buttons, or its messages."""
    number = screen.number_of(phone)
    if number != phone:
        return HttpResponseRedirect(f"/phone/?number={quote(phone)}")
    own = [prompt for prompt in world_of(request).prompts() if prompt.push.phone == phone]
    now = timezone.now()
    question = screen.question(own, now)
    messages = screen.messages(own)
    ignored = screen.ignored_seconds(own, now)
    return _page(
        "phone",
        {
            "number": number,
            "spoken": screen.spoken(number),
            "now": now,
            "question": question,
            "messages": messages,
            "ignored": ignored,
            "buttons": BUTTONS,
            # The script exchanges the screen only when this text changes.
            "version": f"{question.name if question else '-'}.{len(own)}.{bool(ignored)}."
            f"{messages[0].at.timestamp() if messages else '-'}",
        },
    )


def answer(request: HttpRequest, phone: str) -> HttpResponse:
    """Take a press on one of the phone's buttons and go back to the phone."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    world = world_of(request)
    name = request.POST.get("prompt", "")
    try:
        if world.prompt(name).push.phone == phone:
            world.answer(name, request.POST.get("action", ""), timezone.now())
    except BadDecision as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    except (NoSuchPrompt, AlreadyEnded):
        # The time ran out under the finger; the phone itself says so.
        pass
    return HttpResponseRedirect(f"/phone/{quote(phone)}")


def knobs(request: HttpRequest) -> HttpResponse:
    """Show the global knobs as a form, and take it."""
    board = world_of(request).knobs
    problem = ""
    if request.method == "POST":
        try:
            if "preset" in request.POST:
                board.preset(request.POST["preset"])
            else:
                board.change({name: _from_form(request, name) for name in _form_names()})
        except BadKnob as refused:
            problem = str(refused)
        else:
            return HttpResponseRedirect("/knobs")
    context = {
        "rows": _rows(board.current()),
        "presets": PRESETS,
        "overrides": board.as_json()["shortcodes"],
        "problem": problem,
    }
    return _page("knobs", context, status=400 if problem else 200)


def _form_names() -> tuple[str, ...]:
    return ("autopilot", *CHOICES, *RANGES, *SWITCHES)


def _from_form(request: HttpRequest, name: str) -> Any:
    value = request.POST.get(name, "")
    if name in SWITCHES:
        return value == "on"
    if name in RANGES:
        return int(value) if value.isascii() and value.isdigit() else value
    if name == "autopilot":
        if value.startswith(CODE_PREFIX):
            return {"code": value.removeprefix(CODE_PREFIX)}
        return value or None
    return value


def _rows(knobs: Knobs) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "name": "autopilot",
            "options": [("", "off: a person answers"), *((a, a) for a in (*ACTIONS, IGNORE))]
            + [(f"{CODE_PREFIX}{code}", f"code {code}: {o.text}") for code, o in OUTCOMES.items()],
            "value": _autopilot_in_form(knobs.autopilot),
        }
    ]
    for name in _form_names()[1:]:
        row: dict[str, Any] = {"name": name, "value": getattr(knobs, name)}
        if name in CHOICES:
            row["options"] = [(choice, choice) for choice in CHOICES[name]]
        elif name in RANGES:
            row["least"], row["most"] = RANGES[name]
        rows.append(row)
    return rows


def _autopilot_in_form(decision: str | dict[str, Any] | None) -> str:
    if isinstance(decision, dict):
        return f"{CODE_PREFIX}{decision['code']}"
    return decision or ""


def _page(name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    # Without the request: the product's context processors have no business on these pages.
    page = render_to_string(f"mpesa/simulator/{name}.html", context)
    answer = HttpResponse(page, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
