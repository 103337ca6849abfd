"""The JSON API beside the prompts: payments, sweeps, reversals, messages, forgeries, the truth."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from mpesa.simulator import forge, screen, statement
from mpesa.simulator.doors import world_of
from mpesa.simulator.intake import AMOUNT_MOST
from mpesa.simulator.intake_money import REFERENCE_MOST
from mpesa.simulator.mailroom import ORDERS
from mpesa.simulator.menu import Order
from mpesa.simulator.outlets import NAME, PAYBILL, TILL, Outlet
from mpesa.simulator.sentences import (
    BadRequest,
    as_sentences,
    choice_of,
    day_of,
    json_object,
    only,
    shortcode_of,
    text_of,
    whole_of,
)
from mpesa.simulator.world import World

CENTS_MOST = 10_000_000_000
MESSAGES_MOST = 10_000
TILLS_MOST = 50
FORGED_FIELDS = (
    "url",
    "kind",
    "content_type",
    "body",
    "amount",
    "shortcode",
    "till",
    "phone",
    "receipt",
    "reference",
    "balance_cents",
    "checkout_request_id",
    "merchant_request_id",
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@as_sentences("GET", "POST")
def pay(request: HttpRequest) -> HttpResponse:
    """Let a customer pay from the menu, or list such payments, newest first."""
    world = world_of(request)
    if request.method == "GET":
        return JsonResponse({"payments": [each.as_json() for each in world.menu.attempts()]})
    fields = json_object(request)
    only(fields, "phone", "number", "kind", "amount", "reference", "name")
    phone = screen.number_of(str(fields.get("phone", "")))
    if not phone:
        raise BadRequest("phone must be a Kenyan mobile number such as 0712 345 678.")
    number = shortcode_of(fields.get("number"), needed=True)
    reference = text_of(fields, "reference", "")
    if len(reference) > REFERENCE_MOST:
        raise BadRequest(f"reference must have at most {REFERENCE_MOST} characters.")
    order = Order(
        phone=phone,
        number=number,
        kind=choice_of(fields, "kind", (PAYBILL, TILL)),
        shillings=whole_of(fields, "amount", AMOUNT_MOST),
        reference=reference,
        name=text_of(fields, "name", "").strip(),
    )
    return JsonResponse(world.menu.pay(order, timezone.now()).as_json())


@as_sentences("GET", "POST")
def outlets(request: HttpRequest) -> HttpResponse:
    """List the accounts, or say which tills and head office belong to a store."""
    world = world_of(request)
    if request.method == "POST":
        fields = json_object(request)
        only(fields, "shortcode", "tills", "head_office", "name")
        tills = fields.get("tills", [])
        if not isinstance(tills, list) or len(tills) > TILLS_MOST:
            raise BadRequest(f"tills must be a list of at most {TILLS_MOST} till numbers.")
        world.outlets.set(
            Outlet(
                shortcode=shortcode_of(fields.get("shortcode"), needed=True),
                kind=TILL if tills else PAYBILL,
                tills=tuple(shortcode_of(till, needed=True) for till in tills),
                head_office=shortcode_of(fields.get("head_office")),
                name=text_of(fields, "name", NAME),
            )
        )
    return JsonResponse({"outlets": [_outlet(world, outlet) for outlet in world.outlets.all()]})


@as_sentences("GET")
def moves(request: HttpRequest) -> HttpResponse:
    """List the rows of one account or of all, oldest first."""
    only(request.GET.dict(), "shortcode")
    shortcode = _account(world_of(request), request.GET.get("shortcode", ""))
    found = world_of(request).ledger.moves(shortcode)
    return JsonResponse({"moves": [{"shortcode": m.shortcode} | m.as_json() for m in found]})


@as_sentences("GET")
def truth(request: HttpRequest) -> HttpResponse:
    """Show all genuine receipts per shortcode, to compare the books with."""
    only(request.GET.dict(), "shortcode")
    world = world_of(request)
    return JsonResponse(world.ledger.truth(_account(world, request.GET.get("shortcode", ""))))


@as_sentences("POST")
def sweep(request: HttpRequest) -> HttpResponse:
    """Move an account's money to the bank, all of it or some."""
    world = world_of(request)
    fields = json_object(request)
    only(fields, "shortcode", "cents", "to_bank")
    shortcode = _account(world, shortcode_of(fields.get("shortcode"), needed=True))
    to_bank = fields.get("to_bank", True)
    if not isinstance(to_bank, bool):
        raise BadRequest("to_bank must be true or false.")
    cents = whole_of(fields, "cents", CENTS_MOST) if "cents" in fields else None
    receipt = world.ledger.sweep(shortcode, timezone.now(), cents=cents, to_bank=to_bank)
    return JsonResponse({"receipt": receipt, "balances": world.ledger.balances(shortcode)})


@as_sentences("POST")
def reverse(request: HttpRequest) -> HttpResponse:
    """Let Safaricom itself give a payment back: no message tells of it."""
    world = world_of(request)
    fields = json_object(request)
    only(fields, "receipt", "cents")
    receipt = text_of(fields, "receipt")
    original = world.ledger.find(receipt)
    cents = whole_of(fields, "cents", CENTS_MOST) if "cents" in fields else None
    move = world.ledger.reverse(
        receipt,
        timezone.now(),
        cents=cents,
        shortcode=original.shortcode if original else "",
        partial=cents is not None,
    )
    return JsonResponse(move.as_json())


@as_sentences("GET")
def messages(request: HttpRequest) -> HttpResponse:
    """List what was sent or lost, newest first, by kind, shortcode or what it is about."""
    wanted = request.GET.dict()
    only(wanted, "kind", "shortcode", "about")
    world = world_of(request)
    found = [letter.as_json() for letter in world.mail.letters()]
    return JsonResponse(
        {
            "messages": [m for m in found if all(m[k] == v for k, v in wanted.items())],
            "held": world.mail.held,
        }
    )


@as_sentences("POST")
def resend(request: HttpRequest, name: str) -> HttpResponse:
    """Send one message once more."""
    return JsonResponse(world_of(request).mail.resend(name).as_json())


@as_sentences("POST")
def release(request: HttpRequest) -> HttpResponse:
    """Send what the knob `hold` kept back."""
    fields = json_object(request)
    only(fields, "order")
    count = world_of(request).mail.release(choice_of(fields, "order", ORDERS))
    return JsonResponse({"released": count})


@as_sentences("POST")
def forgery(request: HttpRequest) -> HttpResponse:
    """Send something invented to an address, and say what was answered."""
    world = world_of(request)
    fields = json_object(request)
    only(fields, *FORGED_FIELDS)
    url = text_of(fields, "url")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise BadRequest("url must begin with http:// or https://.")
    now = timezone.now()
    forged = _forged(fields, now)
    if forged.receipt:
        world.ledger.note_forged(forged.receipt)
    kind = text_of(fields, "content_type", "application/json")
    sent = world.mail.post_raw(url, forged.body, kind, now)
    answer = sent.answer[:2_000].decode(errors="replace")
    return JsonResponse(sent.as_json() | {"receipt": forged.receipt, "answer": answer})


@as_sentences("GET")
def statement_file(request: HttpRequest) -> HttpResponse:
    """Export a statement as the portal does."""
    world = world_of(request)
    fields = request.GET.dict()
    only(fields, "shortcode", "from", "to", "layout", "format")
    layout = choice_of(fields, "layout", ("new", "old"))
    form = choice_of(fields, "format", ("csv", "xlsx"))
    if (layout, form) == ("old", "xlsx"):
        raise BadRequest("The old layout was never a workbook of this kind: take csv.")
    period = statement.Period(day_of(fields, "from"), day_of(fields, "to"))
    outlet = world.outlets.at(shortcode_of(fields.get("shortcode"), needed=True))
    found = world.ledger.moves(outlet.shortcode)
    if layout == "old":
        rows = statement.old_rows(found, outlet, period, timezone.now())
        content = statement.as_csv(rows, line_end="\n")
    else:
        rows = statement.new_rows(found, outlet, period)
        xlsx = form == "xlsx"
        content = statement.as_xlsx(rows) if xlsx else statement.as_csv(rows, line_end="\r\n")
    answer = HttpResponse(content, content_type=XLSX if form == "xlsx" else "text/csv")
    name = statement.file_name(outlet, period, new=layout == "new", ending=form)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _forged(fields: dict[str, Any], now: datetime) -> forge.Forgery:
    kind = choice_of(fields, "kind", forge.KINDS)
    if kind == "body":
        raw = fields.get("body")
        text = raw if isinstance(raw, str) else json.dumps(raw)
        return forge.Forgery(text.encode(errors="replace"), str(fields.get("receipt") or ""))
    whole_of(fields, "amount", AMOUNT_MOST)
    for name in ("phone", "receipt", "reference", "checkout_request_id", "merchant_request_id"):
        text_of(fields, name, "")
    if fields.get("phone"):
        fields["phone"] = screen.number_of(fields["phone"])
        if not fields["phone"]:
            raise BadRequest("phone must be a Kenyan mobile number such as 254712345678.")
    if kind == "stk":
        return forge.stk_success(fields, now)
    till = shortcode_of(fields.get("till"))
    code = shortcode_of(fields.get("shortcode"), needed=True)
    outlet = Outlet(code, TILL if till else PAYBILL, (till,) if till else ())
    if "balance_cents" in fields:
        whole_of(fields, "balance_cents", CENTS_MOST)
    return forge.confirmation(fields, outlet, now)


def _account(world: World, number: str) -> str:
    return world.outlets.at(number).shortcode if number else ""


def _outlet(world: World, outlet: Outlet) -> dict[str, Any]:
    registration = world.menu.registration(outlet)
    return outlet.as_json() | {
        "registration": registration.as_json() if registration else None,
        "balances": world.ledger.balances(outlet.shortcode),
    }
