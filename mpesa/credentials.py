"""The secrets of a till, read from the environment and never kept in the database."""

import os
from dataclasses import dataclass, field

from django.conf import settings

from mpesa.models import Till

# What the simulator accepts: they open nothing else. The passkey is Safaricom's published one.
SIMULATED = {
    "CONSUMER_KEY": "simulator-key",
    "CONSUMER_SECRET": "simulator-secret",
    "PASSKEY": "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
}


class MissingCredentials(Exception):
    """The till has no credentials in the environment; the message names the variable to set."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens Daraja for one till; never shown, not even by repr."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    passkey: str = field(repr=False)


def credentials_of(till: Till) -> Credentials:
    """Return the till's credentials. Raises MissingCredentials.

    `TILL_<number>_CONSUMER_KEY` goes before `DARAJA_CONSUMER_KEY` (likewise CONSUMER_SECRET and
    PASSKEY); outside production the simulator's are the default.
    """
    return Credentials(*(_read(till, name) for name in SIMULATED))


def _read(till: Till, name: str) -> str:
    own, shared = f"TILL_{till.number}_{name}", f"DARAJA_{name}"
    value = os.environ.get(own) or os.environ.get(shared)
    if not value and not settings.PRODUCTION:
        value = SIMULATED[name]
    if not value:
        raise MissingCredentials(f"Set {own} (or {shared}) in the environment.")
    return value
