"""Taking in what arrives from outside: store first, understand later."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from mpesa import addresses
from mpesa.actions.answers import understand_result, understand_timeout
from mpesa.actions.c2b import understand_confirmation, understand_validation
from mpesa.actions.payments import OtherFacts
from mpesa.actions.quarantine import Quarantine
from mpesa.actions.stk import understand_stk
from mpesa.digests import digest
from mpesa.models import InboundMessage, InboundState, Stray, Till
from mpesa.payloads import NotUnderstood
from mpesa.spool import Arrival

STK = addresses.STK.channel
MOST_BODY_BYTES = 64 * 1024
STRAY_BODY_BYTES = 4 * 1024
STRAYS_KEPT = 200
UNKNOWN_ADDRESS = "unknown address"
_UNDERSTAND: dict[str, Callable[[InboundMessage, datetime], str]] = {
    addresses.STK.channel: understand_stk,
    addresses.CONFIRMATION.channel: understand_confirmation,
    addresses.VALIDATION.channel: understand_validation,
    addresses.RESULT.channel: understand_result,
    addresses.TIMEOUT.channel: understand_timeout,
}


def receive(
    *,
    channel: str,
    till: Till,
    token: str,
    body: bytes,
    address: str,
    headers: Mapping[str, str],
    received_at: datetime,
    spool_id: str = "",
) -> InboundMessage:
    """Store a message as it arrived. `body` has at most MOST_BODY_BYTES, the edge sees to that.

    Raises IntegrityError where a message with this `spool_id` is stored already.
    """
    return InboundMessage.objects.create(
        channel=channel,
        till=till,
        token_digest=digest(token) if token else "",
        body=body,
        sha256=digest(body),
        address=address,
        headers=dict(headers),
        received_at=received_at,
        spool_id=spool_id,
    )


def receive_at_address(*, arrival: Arrival) -> bool:
    """Store a message for the till that has its secret; False, and nothing, where no till has it.

    One statement finds the till and stores: durable by itself, and an old secret that ended a
    moment ago is refused. Two through the ORM cost several times as much. Raises
    IntegrityError where a message with this `spool_id` is stored already.
    """
    secret = arrival.secret
    # PostgreSQL refuses to compare with a NUL; most tills have no previous secret.
    if not secret or "\0" in secret:
        return False
    facts: list[Any] = [
        arrival.channel,
        digest(arrival.token) if arrival.token else "",
        _adapted("body", arrival.body),
        digest(arrival.body),
        arrival.address,
        _adapted("headers", dict(arrival.headers)),
        _adapted("received_at", arrival.received_at),
        arrival.spool_id,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [*facts, secret, secret])
        return bool(cursor.rowcount)


# A column that is new in the model and has no place here is refused by its NOT NULL.
_STORE = """
    INSERT INTO mpesa_inboundmessage
        (channel, token_digest, body, sha256, address, headers, received_at, spool_id,
         state, note, receipt, till_id)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s, 'waiting', '', '', id
    FROM mpesa_till WHERE callback_secret = %s OR previous_secret = %s
    ORDER BY id LIMIT 1
""".strip()


def _adapted(name: str, value: object) -> Any:
    field: Any = InboundMessage._meta.get_field(name)  # noqa: SLF001 Django's documented name for it
    return field.get_db_prep_save(value, connection)


def keep_stray(*, path: str, body: bytes, address: str, reason: str, received_at: datetime) -> None:
    """Keep the beginning of a message that is not for us, in a ring that strangers cannot grow."""
    with transaction.atomic():
        stray = Stray.objects.create(
            path=path[:200],
            body=body[:STRAY_BODY_BYTES],
            address=address,
            reason=reason,
            received_at=received_at,
        )
        Stray.objects.filter(pk__lte=stray.pk - STRAYS_KEPT).delete()


def understand(*, message_id: int, now: datetime) -> InboundState | None:
    """Turn one waiting message into what it means, or put it into quarantine with a reason.

    Returns its new state, or None where another worker has it or it was handled before. Everything
    happens in one transaction: a death half way leaves the message waiting.
    """
    with transaction.atomic():
        rows = InboundMessage.objects.filter(pk=message_id, state=InboundState.WAITING)
        message = rows.select_for_update(skip_locked=True).first()
        if message is None:
            return None
        try:
            with transaction.atomic():
                message.note = _understand(message, now)
            message.state = InboundState.UNDERSTOOD
        except (NotUnderstood, Quarantine, OtherFacts) as reason:
            message.note = str(reason)[:200]
            message.state = InboundState.QUARANTINED
        message.handled_at = now
        message.save(update_fields=["note", "state", "handled_at", "receipt"])
        return InboundState(message.state)


def _understand(message: InboundMessage, now: datetime) -> str:
    """Do what the message means and return a note. Raises what puts it in quarantine."""
    if message.channel not in _UNDERSTAND:
        raise Quarantine(f"Nothing here understands {message.channel}.")
    return _UNDERSTAND[message.channel](message, now)
