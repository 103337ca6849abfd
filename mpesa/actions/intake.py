"""Bringing in what waits in the spool, oldest first, each message exactly once."""

import logging

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from mpesa import spool
from mpesa.actions.inbound import STRAY_BODY_BYTES, UNKNOWN_ADDRESS, keep_stray, receive
from mpesa.addresses import KINDS
from mpesa.models import InboundMessage
from mpesa.queries import till_of

log = logging.getLogger(__name__)


def bring_in() -> int:
    """Store every message of this machine's spool; returns how many are new.

    Each in a transaction of its own; the files go when all of theirs are committed, so a death or
    an error in between costs nothing but time. Two at once: the second does nothing. Raises
    Django's database errors where the database still takes nothing.
    """
    new = 0
    with spool.taking() as files:
        held = set()
        for place in spool.places(files):
            try:
                new += _bring_in_one(spool.read(place))
            except (OperationalError, InterfaceError):
                raise  # nor would it take the next one
            except Exception:
                log.exception("a message of %s cannot be stored; it stays there", place.path.name)
                held.add(place.path)
        for path in files:
            if path not in held:
                path.unlink()
    return new


def _bring_in_one(arrival: spool.Arrival) -> bool:
    """Store a message, or its beginning where no till has its secret; False: nothing new."""
    till = till_of(arrival.secret)
    if till is None:
        keep_stray(
            path=f"/cb/…/{_word_of(arrival.channel)}",
            body=arrival.body[:STRAY_BODY_BYTES],
            address=arrival.address,
            reason=UNKNOWN_ADDRESS,
            received_at=arrival.received_at,
        )
        return False
    try:
        with transaction.atomic():
            receive(
                channel=arrival.channel,
                till=till,
                token=arrival.token,
                body=arrival.body,
                address=arrival.address,
                headers=arrival.headers,
                received_at=arrival.received_at,
                spool_id=arrival.spool_id,
            )
    except IntegrityError:
        if not InboundMessage.objects.filter(spool_id=arrival.spool_id).exists():
            raise
        return False  # a death came after its commit, or the answer of the commit was lost
    return True


def _word_of(channel: str) -> str:
    return next((kind.word for kind in KINDS if kind.channel == channel), channel)
