"""Pages for people: the knobs of all, and each till with its knobs, money and statement."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone

from mpesa.simulator import ids, statement
from mpesa.simulator.doors import world_of
from mpesa.simulator.knob_list import CHOICES, FOR_ALL, RANGES, SECTIONS, SWITCHES, Spec
from mpesa.simulator.knobs import PRESET_WORDS, BadKnob, Knobs
from mpesa.simulator.moves import MAIN, PAYMENTS, Move, NothingToSweep, NotReversed
from mpesa.simulator.outcomes import ACTIONS, IGNORE, OUTCOMES
from mpesa.simulator.sentences import BadRequest, shortcode_of
from mpesa.simulator.views_pages import page
from mpesa.simulator.world import World

MOVES_SHOWN = 15
CODE_PREFIX = "code "
AUTOPILOT = "autopilot"


def knobs(request: HttpRequest) -> HttpResponse:
    """Show the knobs of all shortcodes as a form, and take it."""
    typed = request.GET.get("shortcode", "")
    if typed:
        return HttpResponseRedirect(f"/knobs/{typed}" if typed.isalnum() else "/knobs")
    world = world_of(request)
    problem = ""
    if request.method == "POST":
        problem = _turned(request, world, "")
        if not problem:
            return HttpResponseRedirect("/knobs")
    context = {
        "sections": _sections(world.knobs.current(), of_till=False),
        "presets": PRESET_WORDS.items(),
        "outlets": world.outlets.all(),
        "overrides": {code: world.knobs.own(code) for code in world.knobs.as_json()["shortcodes"]},
        "action": "/knobs",
        "problem": problem,
    }
    return page("knobs", context, status=400 if problem else 200)


def till(request: HttpRequest, shortcode: str) -> HttpResponse:
    """Show one till or paybill: its knobs, its money, its statement; take its knobs."""
    try:
        number = shortcode_of(shortcode, needed=True)
    except BadRequest as refused:
        return page("knobs_missing", {"problem": str(refused)}, status=404)
    world = world_of(request)
    code = world.outlets.at(number).shortcode
    problem = ""
    if request.method == "POST":
        problem = _turned(request, world, code)
        if not problem:
            return HttpResponseRedirect(f"/knobs/{code}")
    return _till_page(world, code, problem)


def act(request: HttpRequest, shortcode: str) -> HttpResponse:
    """Sweep a till's money, give a payment back, or let it follow the knobs of all again."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    world = world_of(request)
    code = world.outlets.at(shortcode).shortcode
    now = timezone.now()
    try:
        if "sweep" in request.POST:
            world.ledger.sweep(code, now)
        elif "reverse" in request.POST:
            receipt = request.POST["reverse"]
            world.ledger.reverse(receipt, now, cents=None, shortcode=code, partial=False)
        elif "clear" in request.POST:
            world.clear_knobs(code)
    except (NothingToSweep, NotReversed) as problem:
        return _till_page(world, code, str(problem))
    return HttpResponseRedirect(f"/knobs/{code}")


def _till_page(world: World, code: str, problem: str) -> HttpResponse:
    outlet = world.outlets.at(code)
    balances = world.ledger.balances(code)
    moves = world.ledger.moves(code)
    today = timezone.now().astimezone(ids.EAT).date()
    context = {
        "outlet": outlet,
        "registration": world.menu.registration(outlet),
        "balance": statement.with_commas(balances[MAIN]),
        "lines": [_line(world, move) for move in reversed(moves[-MOVES_SHOWN:])],
        "today": today.isoformat(),
        "sections": _sections(world.knobs_of(code), of_till=True),
        "presets": PRESET_WORDS.items(),
        "own": any(world.knobs.own(number) for number in outlet.numbers),
        "action": f"/knobs/{code}",
        "problem": problem,
    }
    return page("till", context, status=400 if problem else 200)


def _line(world: World, move: Move) -> dict[str, Any]:
    return {
        "receipt": move.receipt,
        "kind": move.kind,
        "amount": statement.with_commas(move.cents),
        "balance": statement.with_commas(move.balance_cents),
        "at": move.at,
        "who": move.payment.payer.first.title() if move.payment else "",
        "can_reverse": move.kind in PAYMENTS and not world.ledger.is_reversed(move),
    }


def _turned(request: HttpRequest, world: World, code: str) -> str:
    """Take a form; return the sentence that says what is wrong with it, or nothing."""
    try:
        if "preset" in request.POST:
            world.turn(code, preset=request.POST["preset"])
            return ""
        now = asdict(world.knobs_of(code) if code else world.knobs.current())
        sent = {name: _from_form(request, name) for name in now if name in request.POST}
        changed = {name: value for name, value in sent.items() if value != now[name]}
        world.turn(code, changed)
    except BadKnob as refused:
        return str(refused)
    return ""


def _from_form(request: HttpRequest, name: str) -> Any:
    # A switch has a hidden "off" before its box, so that a box without its mark says off.
    value = request.POST.get(name, "")
    if name in SWITCHES:
        return value == "on"
    if name in RANGES:
        return int(value) if value.isascii() and value.isdigit() else value
    if name == AUTOPILOT:
        if value.startswith(CODE_PREFIX):
            return {"code": value.removeprefix(CODE_PREFIX)}
        return value or None
    return value


def _sections(knobs: Knobs, *, of_till: bool) -> list[dict[str, Any]]:
    found = [{"title": "Who answers", "rows": [_autopilot(knobs)]}]
    for section in SECTIONS:
        rows = [
            _row(spec, getattr(knobs, spec.name))
            for spec in section.specs
            if not (of_till and spec.name in FOR_ALL)
        ]
        if rows:
            found.append({"title": section.title, "rows": rows})
    return found


def _row(spec: Spec, value: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": spec.name, "says": spec.says, "value": value}
    if spec.name in CHOICES:
        row["options"] = [(name, f"{name}: {words}") for name, words in spec.values.items()]
    elif spec.name in RANGES:
        row["least"], row["most"] = spec.least, spec.most
    row["changed"] = value != getattr(Knobs(), spec.name)
    return row


def _autopilot(knobs: Knobs) -> dict[str, Any]:
    codes = [(f"{CODE_PREFIX}{code}", f"code {code}: {o.text}") for code, o in OUTCOMES.items()]
    actions = [(action, action) for action in (*ACTIONS, IGNORE)]
    decision = knobs.autopilot
    shown = f"{CODE_PREFIX}{decision['code']}" if isinstance(decision, dict) else decision or ""
    return {
        "name": AUTOPILOT,
        "says": "Answers every prompt by itself",
        "options": [("", "off: a person answers"), *actions, *codes],
        "value": shown,
        "changed": bool(shown),
    }
