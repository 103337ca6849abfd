"""Pages for people: the phones, and one phone in the hand."""

import re
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone

from mpesa.simulator import screen
from mpesa.simulator.doors import world_of
from mpesa.simulator.intake import AMOUNT, AMOUNT_MOST
from mpesa.simulator.intake_money import REFERENCE_MOST
from mpesa.simulator.menu import Order
from mpesa.simulator.outcomes import BadDecision
from mpesa.simulator.outlets import PAYBILL, TILL
from mpesa.simulator.sentences import BadRequest
from mpesa.simulator.world import AlreadyEnded, NoSuchPrompt

PHONES_SHOWN = 50
NUMBER = re.compile(r"[1-9][0-9]{4,6}")
MENU = ("number", "amount", "reference")
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
    world = world_of(request)
    lines = screen.phone_lines(world.prompts(), world.menu.attempts())[:PHONES_SHOWN]
    return page(
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
    return _phone_page(request, phone)


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


def pay(request: HttpRequest, phone: str) -> HttpResponse:
    """Take a payment from the phone's own menu and go back to the phone."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        order = _order(request, phone)
    except BadRequest as problem:
        return _phone_page(request, phone, str(problem))
    world_of(request).menu.pay(order, timezone.now())
    return HttpResponseRedirect(f"/phone/{quote(phone)}")


def _order(request: HttpRequest, phone: str) -> Order:
    typed = {name: request.POST.get(name, "").strip() for name in MENU}
    number, amount, reference = (typed[name] for name in MENU)
    if not NUMBER.fullmatch(number):
        raise BadRequest("A till or paybill number has 5 to 7 digits.")
    if not AMOUNT.fullmatch(amount) or not 1 <= int(amount) <= AMOUNT_MOST:
        raise BadRequest(f"Write whole shillings from 1 to {AMOUNT_MOST:,}.")
    kind = TILL if request.POST.get("kind") == TILL else PAYBILL
    if kind == PAYBILL and not 0 < len(reference) <= REFERENCE_MOST:
        raise BadRequest(f"A paybill wants an account number of 1 to {REFERENCE_MOST} characters.")
    if screen.number_of(phone) != phone or not reference.isprintable():
        raise BadRequest("This cannot be typed on a phone.")
    return Order(phone, number, kind, int(amount), reference if kind == PAYBILL else "")


def _phone_page(request: HttpRequest, phone: str, problem: str = "") -> HttpResponse:
    world = world_of(request)
    own = [prompt for prompt in world.prompts() if prompt.push.phone == phone]
    attempts = [each for each in world.menu.attempts() if each.order.phone == phone]
    now = timezone.now()
    question = screen.question(own, now)
    messages = screen.messages(own, attempts)
    ignored = screen.ignored_seconds(own, now)
    asking = any(each.state == "asking" for each in attempts)
    context = {
        "number": phone,
        "spoken": screen.spoken(phone),
        "now": now,
        "question": question,
        "messages": messages,
        "ignored": ignored,
        "asking": asking,
        "buttons": BUTTONS,
        "problem": problem,
        "typed": request.POST.dict() if problem else {},
        # The script exchanges the screen only when this text changes.
        "version": f"{question.name if question else '-'}.{len(own)}.{bool(ignored)}.{asking}."
        f"{messages[0].at.timestamp() if messages else '-'}",
    }
    return page("phone", context, status=400 if problem else 200)


def page(name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a page of the simulator, which no browser keeps."""
    # Without the request: the product's context processors have no business on these pages.
    text = render_to_string(f"mpesa/simulator/{name}.html", context)
    answer = HttpResponse(text, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
