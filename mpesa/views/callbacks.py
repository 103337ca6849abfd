"""The callback addresses: store what arrives, answer in milliseconds, understand nothing here."""

import logging

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from mpesa import doorbell, patience, spool
from mpesa.actions.c2b import answer_to_validation
from mpesa.actions.inbound import (
    MOST_BODY_BYTES,
    STRAY_BODY_BYTES,
    UNKNOWN_ADDRESS,
    keep_stray,
    receive_at_address,
)
from mpesa.addresses import VALIDATION, Kind
from mpesa.digests import digest
from mpesa.queries import till_of

log = logging.getLogger(__name__)

TAKEN = 200
REFUSED = {404: "Not found.", 413: "The message is too large.", 503: "Try again later."}
KEPT_HEADERS = ("Content-Type", "User-Agent", "X-Forwarded-For")
# No secret or token of ours is as long; a longer one is kept long enough to stay wrong.
MOST_OF_A_SECRET = 200
# Digests of the secrets that were a till's, so that its messages find room in the spool.
MOST_KNOWN = 10_000
_known: set[str] = set()


@csrf_exempt
def take(request: HttpRequest, secret: str, kind: Kind, token: str = "") -> JsonResponse:
    """Take a message: 200 once it is safe, 404 for an unknown till, 413 for a huge body.

    Safe is in the database, or in the spool where the database does not take it within a second;
    then nobody can tell an unknown till, and it is answered as taken. 503 where the spool fails
    too: nothing was stored, and somebody has to ask Safaricom what it was.
    """
    if request.method != "POST":
        return _answer(405, "Use POST.")
    is_huge = _announced_bytes(request) > MOST_BODY_BYTES
    arrival = spool.Arrival(
        spool_id=spool.new_id(),
        channel=kind.channel,
        secret=secret[:MOST_OF_A_SECRET],
        token=token[:MOST_OF_A_SECRET],
        body=request.read(STRAY_BODY_BYTES if is_huge else MOST_BODY_BYTES),
        address=address_of(request),
        headers={name: _header(request, name) for name in KEPT_HEADERS},
        received_at=timezone.now(),
    )
    try:
        with patience.with_the_database():
            status = _store(arrival, kind, is_huge=is_huge)
        if status == TAKEN:
            doorbell.payments.press()  # not for the spool: the database would be asked in vain
    except patience.LeftAlone:
        status = _put_into_spool(arrival, is_huge=is_huge)
    except Error as error:
        log.warning("the database did not take a callback, it goes to the spool: %s", error)
        status = _put_into_spool(arrival, is_huge=is_huge)
    return _answer_to(arrival, kind) if status == TAKEN else _answer(status, REFUSED[status])


def _answer_to(arrival: spool.Arrival, kind: Kind) -> JsonResponse:
    """Answer what was taken. Only a validation can be refused, and in doubt it is not."""
    if kind is not VALIDATION:
        return JsonResponse(kind.answer)
    try:
        with patience.with_the_database():
            till = till_of(arrival.secret)
            refusal = answer_to_validation(till, arrival.body) if till else None
    except (patience.LeftAlone, Error):
        refusal = None
    return JsonResponse(refusal or kind.answer)


def _store(arrival: spool.Arrival, kind: Kind, *, is_huge: bool) -> int:
    """Store a message in the database, or its beginning in the ring; returns the status."""
    till = till_of(arrival.secret) if is_huge else None
    if till is None and (is_huge or not receive_at_address(arrival=arrival)):
        _keep_beginning(arrival, UNKNOWN_ADDRESS, f"/cb/…/{kind.word}")
        return 404
    if len(_known) < MOST_KNOWN:
        _known.add(digest(arrival.secret))
    if is_huge:
        _keep_beginning(arrival, "too large", f"/cb/{till}/{kind.word}")
        return 413
    return TAKEN


def _put_into_spool(arrival: spool.Arrival, *, is_huge: bool) -> int:
    if is_huge:
        return 413
    try:
        spool.append(arrival, is_known=digest(arrival.secret) in _known)
    except (spool.SpoolFull, OSError):
        log.exception("a callback could not be stored, neither in the database nor in the spool")
        return 503
    return TAKEN


def _keep_beginning(arrival: spool.Arrival, reason: str, path: str) -> None:
    keep_stray(
        path=path,
        body=arrival.body[:STRAY_BODY_BYTES],
        address=arrival.address,
        reason=reason,
        received_at=arrival.received_at,
    )


def _answer(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"ResultCode": 1, "ResultDesc": sentence}, status=status)


def address_of(request: HttpRequest) -> str:
    """Return where a request came from, as the outermost proxy of ours saw it.

    What stands further left in X-Forwarded-For is the visitor's own word.
    """
    hops = settings.PROXY_HOPS
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if hops and len(seen) >= hops and seen[-hops]:
        return _plain(seen[-hops])[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _announced_bytes(request: HttpRequest) -> int:
    """Return the Content-Length; like Django, read nothing where it is no number."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _header(request: HttpRequest, name: str) -> str:
    return _plain(request.headers.get(name, ""))[:200]


def _plain(text: str) -> str:
    return text.replace("\0", "")
