"""A picture that customers scan to pay a till; their payment arrives like any other."""

from datetime import datetime

from mpesa.actions.requests import client_for
from mpesa.credentials import MissingCredentials
from mpesa.daraja import Ambiguous, Refused
from mpesa.models import Till, TillKind

PIXELS = 300


class NoPicture(Exception):
    """Safaricom made no picture; the message is a sentence for who asked for it."""


def make_qr(*, till: Till, amount_shillings: int, now: datetime) -> bytes:
    """Return a PNG by Safaricom's own call, which changes nothing (REFERENCE 4.9).

    With an amount of 0 the customer types it. Raises NoPicture.
    """
    try:
        return client_for(till).dynamic_qr(
            merchant_name=till.business.name[:22],
            reference=till.business.slug[:12].upper(),
            amount_shillings=amount_shillings,
            is_till=till.kind == TillKind.TILL,
            number=till.number,
            size_pixels=PIXELS,
            now=now,
        )
    except MissingCredentials as missing:
        raise NoPicture(str(missing)) from missing
    except Refused as refusal:
        raise NoPicture(f"Safaricom refuses to make a code for this till: {refusal.text}") from (
            refusal
        )
    except Ambiguous as silence:
        raise NoPicture("Safaricom sent no picture. Try again in a minute.") from silence
