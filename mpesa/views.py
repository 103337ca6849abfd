"""The callback address: store what arrives, answer in milliseconds, understand nothing here."""

import logging
from typing import Final

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from mpesa import doorbell
from mpesa.actions.inbound import MOST_BODY_BYTES, STK, STRAY_BODY_BYTES, keep_stray, receive
from mpesa.models import Till

log = logging.getLogger(__name__)

ACCEPTED: Final = {"ResultCode": 0, "ResultDesc": "Accepted"}
KEPT_HEADERS = ("Content-Type", "User-Agent", "X-Forwarded-For")


@csrf_exempt
def stk(request: HttpRequest, secret: str, token: str = "") -> JsonResponse:
    """Take an STK callback: 200 once stored, 404 for an unknown till, 413 for a huge body.

    503 where the database cannot take it: then nothing was stored, and the STK query has to find
    out what became of the request.
    """
    if request.method != "POST":
        return JsonResponse({"ResultCode": 1, "ResultDesc": "Use POST."}, status=405)
    try:
        return _take(request, secret, token)
    except DatabaseError:
        log.exception("a callback could not be stored")
        return JsonResponse({"ResultCode": 1, "ResultDesc": "Try again later."}, status=503)


def _take(request: HttpRequest, secret: str, token: str) -> JsonResponse:
    # PostgreSQL refuses to compare with a NUL.
    till = Till.objects.filter(callback_secret=secret).first() if "\0" not in secret else None
    if till is None:
        return _refuse(request, 404, "Not found.", "unknown address", "/cb/…/stk")
    if _announced_bytes(request) > MOST_BODY_BYTES:
        return _refuse(request, 413, "The message is too large.", "too large", f"/cb/{till}/stk")
    receive(
        channel=STK,
        till=till,
        token=token,
        body=request.read(MOST_BODY_BYTES),
        address=_address(request),
        headers={name: _header(request, name) for name in KEPT_HEADERS},
        received_at=timezone.now(),
    )
    doorbell.payments.press()
    return JsonResponse(ACCEPTED)


def _announced_bytes(request: HttpRequest) -> int:
    """Return the Content-Length; like Django, read nothing where it is no number."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _header(request: HttpRequest, name: str) -> str:
    return request.headers.get(name, "").replace("\0", "")[:200]


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _refuse(
    request: HttpRequest, status: int, sentence: str, reason: str, path: str
) -> JsonResponse:
    """Answer a message that is not taken in, and keep its beginning in the ring of strays."""
    keep_stray(
        path=path,
        body=request.read(STRAY_BODY_BYTES),
        address=_address(request),
        reason=reason,
        received_at=timezone.now(),
    )
    return JsonResponse({"ResultCode": 1, "ResultDesc": sentence}, status=status)
