"""Daraja's API beside STK: C2B, transaction status, balance, reversal, pull, QR."""

import base64
from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from mpesa.simulator import c2b, ids, intake_money, operations, pull, qr, refusals
from mpesa.simulator.doors import DarajaView, as_daraja_answers, authorised_fields
from mpesa.simulator.outlets import PAYBILL
from mpesa.simulator.refusals import ErrorRow, Refused
from mpesa.simulator.world import World

EITHER_METHOD = ("GET", "POST")


@as_daraja_answers
def register_urls_v1(request: HttpRequest, world: World) -> HttpResponse:
    """Register where messages go; they carry the phone's hash."""
    return _register(request, world, "v1")


@as_daraja_answers
def register_urls_v2(request: HttpRequest, world: World) -> HttpResponse:
    """Register where messages go; they carry the masked phone."""
    return _register(request, world, "v2")


@as_daraja_answers
def simulate(request: HttpRequest, world: World) -> HttpResponse:
    """Let a customer pay from the menu, as the sandbox does."""
    fields = authorised_fields(request, world, invalid=refusals.INVALID_TOKEN_400)
    world.menu.pay(intake_money.read_simulation(fields), timezone.now())
    return JsonResponse(c2b.simulated())


def _command(kind: str, invalid: Callable[[str], ErrorRow] | ErrorRow) -> DarajaView:
    def view(request: HttpRequest, world: World) -> HttpResponse:
        fields = authorised_fields(request, world, invalid=invalid)
        now = timezone.now()
        command = intake_money.read_command(fields, kind)
        accepted = replace(command, ack=operations.new_ack(kind, now))
        world.operations.accept(accepted, now)
        return JsonResponse(accepted.ack.as_json())

    return view


transaction_status = as_daraja_answers(_command(operations.STATUS, refusals.INVALID_TOKEN_400))
account_balance = as_daraja_answers(_command(operations.BALANCE, refusals.invalid_token_echoed))
reversal = as_daraja_answers(_command(operations.REVERSAL, refusals.INVALID_TOKEN))


@as_daraja_answers
def pull_register(request: HttpRequest, world: World) -> HttpResponse:
    """Register a shortcode for pull."""
    fields = authorised_fields(request, world, invalid=refusals.INVALID_TOKEN_PULL)
    shortcode, number = intake_money.read_pull_registration(fields)
    new = world.pulls.add(world.outlets.at(shortcode).shortcode, number)
    spaced = world.knobs_of(shortcode).pull_status_key == "spaced"
    return JsonResponse(pull.registered(shortcode, new=new, spaced=spaced))


@as_daraja_answers
def pull_query(request: HttpRequest, world: World) -> HttpResponse:
    """Show the transactions of a window, page by page."""
    fields = authorised_fields(
        request, world, invalid=refusals.INVALID_TOKEN_PULL, methods=EITHER_METHOD
    )
    window = intake_money.read_window(fields)
    outlet = world.outlets.at(window.shortcode)
    knobs = world.knobs_of(window.shortcode)
    if knobs.pull == "unprovisioned" or outlet.shortcode not in world.pulls:
        return JsonResponse(pull.answer([], knobs))
    moves = world.ledger.moves(outlet.shortcode)
    rows = pull.rows(moves, outlet, window, knobs, timezone.now())
    return JsonResponse(pull.answer(rows, knobs))


@as_daraja_answers
def generate_qr(request: HttpRequest, world: World) -> HttpResponse:
    """Draw a QR code."""
    fields = authorised_fields(request, world)
    picture = qr.png(intake_money.read_qr(fields))
    zeros = world.knobs_of(str(fields["CPI"])).qr_code == "zeros"
    return JsonResponse(
        {
            "ResponseCode": "00" if zeros else ids.conversation_id(timezone.now()),
            "RequestID": ids.old_request_id(),
            "ResponseDescription": "QR Code Successfully Generated.",
            "QRCode": base64.b64encode(picture).decode(),
        }
    )


def _register(request: HttpRequest, world: World, version: str) -> HttpResponse:
    fields = authorised_fields(request, world, invalid=refusals.INVALID_TOKEN_400)
    knobs = world.knobs_of(str(fields.get("ShortCode", "")))
    registration = intake_money.read_registration(fields, version, production=knobs.production_urls)
    shortcode = registration.shortcode
    known = world.menu.registration(world.outlets.at(shortcode))
    if knobs.register == "already_registered" or (known and knobs.register_once):
        raise Refused(refusals.ALREADY_REGISTERED)
    if knobs.register == "duplicate_notification":
        raise Refused(refusals.duplicate_notification(shortcode))
    world.outlets.known(shortcode, PAYBILL)
    world.menu.register(registration)
    return JsonResponse(c2b.registered(knobs.register, shortcode))
