"""What does not agree with what we know waits here; an owner may release it, with a trace."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from money.access import Ability, businesses_for
from money.models import User
from mpesa.models import InboundMessage, InboundState, Release, Sighting

LEAST_REASON = 10
# Two that were understood within so long of each other may not have seen each other.
AT_ONCE = timedelta(seconds=30)
LOOKS_BACK = timedelta(minutes=10)


class Quarantine(Exception):
    """The message does not agree with what we know; the text is its reason."""


class NotReleasable(Exception):
    """The message is not in quarantine, or holds nothing to release; a sentence for the owner."""


class NotAllowed(Exception):
    """Who asks for it does not manage the till's business."""


def release(*, message_id: int, reason: str, by: User, now: datetime) -> Release:
    """Vouch for a message in quarantine after a check with Safaricom: it is understood anew.

    Only what stood against believing it falls; a message that cannot be read, or that contradicts
    a payment of the same receipt, returns to quarantine. Raises NotAllowed or NotReleasable.
    """
    if len(reason.strip()) < LEAST_REASON:
        raise NotReleasable("Say how you checked it with Safaricom, in a few words.")
    with transaction.atomic():
        message = InboundMessage.objects.select_for_update(of=("self",)).get(pk=message_id)
        till = message.till
        if till is None or not _manages(by, till.business_id):
            raise NotAllowed(f"{by} does not manage this till's business.")
        if message.state != InboundState.QUARANTINED:
            raise NotReleasable("This message is not in quarantine any more.")
        if message.body is None:
            raise NotReleasable("The body of this message was erased: nothing is left to read.")
        if Release.objects.filter(message=message).exists():
            raise NotReleasable(f"It was released before and came back: {message.note}")
        made = Release.objects.create(message=message, by=by, at=now, reason=reason.strip()[:200])
        message.state, message.handled_at = InboundState.WAITING, None
        message.save(update_fields=["state", "handled_at"])
        return made


def _manages(user: User, business_id: int) -> bool:
    return businesses_for(user, Ability.MANAGE).filter(pk=business_id).exists()


def is_released(message: InboundMessage) -> bool:
    """Tell whether an owner has vouched for the message."""
    return Release.objects.filter(message=message).exists()


def look_again(*, now: datetime) -> int:
    """Have messages understood anew that were judged while another source told of their receipt.

    Each saw the world without the other. What still does not agree returns, and is not looked at
    again. Returns how many.
    """
    told = Sighting.objects.filter(
        receipt=OuterRef("receipt"), seen_at__gt=OuterRef("handled_at") - AT_ONCE
    )
    held = InboundMessage.objects.filter(
        Exists(told), state=InboundState.QUARANTINED, handled_at__gt=now - LOOKS_BACK
    )
    raced = held.exclude(receipt="").values("pk")
    return InboundMessage.objects.filter(pk__in=raced, state=InboundState.QUARANTINED).update(
        state=InboundState.WAITING, handled_at=None
    )
