"""Telling Safaricom where a till's payments are announced, and having its pull switched on."""

from datetime import datetime
from typing import Literal

from mpesa.actions.requests import client_for
from mpesa.addresses import CONFIRMATION, RESULT, VALIDATION, callback_url, refused_words
from mpesa.daraja import Registered
from mpesa.models import Till


class NotRegistrable(Exception):
    """Safaricom would refuse the address; the message says what to change."""


def register_addresses(
    *,
    till: Till,
    version: Literal["v1", "v2"],
    response_type: Literal["Completed", "Cancelled"],
    now: datetime,
) -> Registered:
    """Register the till's confirmation and validation addresses under its shortcode.

    In production this is done once (REFERENCE 3.1): a change goes by Safaricom's portal. Raises
    NotRegistrable, MissingCredentials, Refused or Ambiguous.
    """
    confirmation_url = callback_url(till, CONFIRMATION)
    validation_url = callback_url(till, VALIDATION)
    for url in (confirmation_url, validation_url):
        if words := refused_words(url):
            raise NotRegistrable(f"Safaricom refuses {words[0]!r} in an address. Set PUBLIC_URL.")
    return client_for(till).register_urls(
        shortcode=till.shortcode,
        response_type=response_type,
        confirmation_url=confirmation_url,
        validation_url=validation_url,
        version=version,
        now=now,
    )


def register_pull(*, till: Till, nominated_number: str, now: datetime) -> Registered:
    """Have the pull switched on for a till. `nominated_number` is the organisation's own phone.

    Raises MissingCredentials, Refused or Ambiguous.
    """
    return client_for(till).pull_register(
        shortcode=till.shortcode,
        nominated_number=nominated_number,
        callback_url=callback_url(till, RESULT),
        now=now,
    )
