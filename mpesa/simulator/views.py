"""Daraja's own API: token, push, query."""

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from mpesa.simulator import intake, payloads, refusals
from mpesa.simulator.doors import as_daraja_answers, authorised_fields
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.outcomes import CANCELLED
from mpesa.simulator.prompts import Prompt
from mpesa.simulator.refusals import Refused
from mpesa.simulator.world import NoSuchPrompt, World


@as_daraja_answers
def generate_token(request: HttpRequest, world: World) -> HttpResponse:
    """Answer a request for a bearer token."""
    if request.method != "GET":
        raise Refused(refusals.method_not_allowed(str(request.method)))
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        raise Refused(refusals.INVALID_AUTH_TYPE)
    if request.GET.get("grant_type") != "client_credentials":
        raise Refused(refusals.INVALID_GRANT_TYPE)
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return HttpResponse(status=400)
    knobs = world.knobs.current()
    if knobs.oauth == "empty_400":
        return HttpResponse(status=400)
    token = world.access.grant(
        key, secret, timezone.now(), end_others=knobs.invalidate_previous_token
    )
    if token is None:
        return HttpResponse(status=400)
    return JsonResponse(payloads.token(token, expires_as_number=knobs.expires_in == "number"))


@as_daraja_answers
def process_request(request: HttpRequest, world: World) -> HttpResponse:
    """Answer an STK push."""
    fields = authorised_fields(request, world, stk=True)
    signature = intake.read_signature(fields)
    push = intake.read_push(fields, signature.shortcode)
    _check_password(signature, world)
    knobs = world.knobs_of(push.shortcode, push.party_b)
    if knobs.ack in refusals.ACK_ERRORS:
        raise Refused(refusals.ACK_ERRORS[knobs.ack])
    prompt = world.push(push, timezone.now())
    if knobs.ack == "lost":
        raise Refused(refusals.INTERNAL_ERROR)
    if knobs.ack == "hang":
        world.stopping.wait(knobs.hang_ms / 1000)
    return JsonResponse(payloads.acknowledgement(prompt))


@as_daraja_answers
def query(request: HttpRequest, world: World) -> HttpResponse:
    """Answer how far a push has come."""
    fields = authorised_fields(request, world, stk=True)
    signature = intake.read_signature(fields)
    _check_password(signature, world)
    knobs = world.knobs_of(signature.shortcode)
    if knobs.query_mode == "spike":
        raise Refused(refusals.SPIKE_ARREST)
    prompt = _queried_prompt(fields, signature.shortcode, world)
    return JsonResponse(_query_answer(prompt, knobs))


@as_daraja_answers
def resource_not_found(request: HttpRequest, world: World) -> HttpResponse:
    """Answer every address that Daraja does not have."""
    raise Refused(refusals.NOT_FOUND)


def _query_answer(prompt: Prompt, knobs: Knobs) -> dict[str, str]:
    if knobs.query_mode == "failed":
        return payloads.query_answer(prompt, CANCELLED)
    if prompt.outcome:
        return payloads.query_answer(prompt, prompt.outcome)
    if knobs.query_mode == "500":
        raise Refused(refusals.BEING_PROCESSED, request_id=prompt.checkout_request_id)
    return payloads.query_answer(prompt, payloads.STILL_PROCESSING)


def _queried_prompt(fields: dict[str, Any], shortcode: str, world: World) -> Prompt:
    try:
        prompt = world.prompt(str(fields.get("CheckoutRequestID")))
    except NoSuchPrompt:
        raise Refused(refusals.invalid("CheckoutRequestID")) from None
    if prompt.push.shortcode != shortcode:
        raise Refused(refusals.invalid("CheckoutRequestID"))
    return prompt


def _check_password(signature: intake.Signature, world: World) -> None:
    if not world.access.password_fits(*signature):
        raise Refused(refusals.WRONG_CREDENTIALS)
