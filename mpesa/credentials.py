"""The secrets of a till, read from the environment and never kept in the database."""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings

from mpesa.models import Till

# What the simulator accepts: they open nothing else. The passkey is Safaricom's published one.
SIMULATED = {
    "CONSUMER_KEY": "simulator-key",
    "CONSUMER_SECRET": "simulator-secret",
    "PASSKEY": "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
}
SIMULATED_INITIATOR = {
    "INITIATOR_NAME": "simulator-operator",
    "INITIATOR_PASSWORD": "simulator-password",
}
CERTIFICATE = "DARAJA_CERTIFICATE"
# Base64 of nothing secret, for the simulator, which takes any.
SIMULATED_SECURITY_CREDENTIAL = base64.b64encode(b"simulator").decode()


class MissingCredentials(Exception):
    """The till lacks something in the environment; the message names the variable to set."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens Daraja for one till; never shown, not even by repr."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    passkey: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Initiator:
    """An operator who may ask for more than pushes; the password is encrypted, never shown."""

    name: str = field(repr=False)
    security_credential: str = field(repr=False)


def credentials_of(till: Till) -> Credentials:
    """Return the till's credentials. Raises MissingCredentials.

    `TILL_<number>_CONSUMER_KEY` goes before `DARAJA_CONSUMER_KEY` (likewise CONSUMER_SECRET and
    PASSKEY); outside production the simulator's are the default.
    """
    return Credentials(*(_read(till, name, default) for name, default in SIMULATED.items()))


def initiator_of(till: Till) -> Initiator:
    """Return who asks for reversals, statuses and balances of a till. Raises MissingCredentials.

    `TILL_<number>_INITIATOR_NAME` and `..._INITIATOR_PASSWORD` go before `DARAJA_INITIATOR_...`;
    DARAJA_CERTIFICATE is the path of Safaricom's certificate. Outside production the simulator's
    are the default, and without a certificate the password is not sent at all. A till needs none
    of them for pushes.
    """
    name, password = (_read(till, name, value) for name, value in SIMULATED_INITIATOR.items())
    path = os.environ.get(CERTIFICATE)
    if not path and not settings.PRODUCTION:
        return Initiator(name, SIMULATED_SECURITY_CREDENTIAL)
    if not path:
        raise MissingCredentials(f"Set {CERTIFICATE} in the environment.")
    return Initiator(name, security_credential(password, _public_key(Path(path))))


def security_credential(password: str, key: RSAPublicKey) -> str:
    """Return base64 of the password under Safaricom's key, PKCS#1 v1.5 (REFERENCE 4.0).

    It differs each time. Raises MissingCredentials where the password is too long for the key.
    """
    try:
        return base64.b64encode(key.encrypt(password.encode(), PKCS1v15())).decode()
    except ValueError as error:
        raise MissingCredentials("INITIATOR_PASSWORD is too long for the certificate.") from error


def _public_key(path: Path) -> RSAPublicKey:
    """Return the key of an X.509 certificate, PEM or DER; an expired one still names the key."""
    try:
        data = path.read_bytes()
        is_pem = b"-----BEGIN" in data
        certificate = (
            x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate
        )(data)
        key = certificate.public_key()
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise MissingCredentials(f"{CERTIFICATE} names no certificate that can be read.") from error
    if not isinstance(key, RSAPublicKey):
        raise MissingCredentials(f"{CERTIFICATE} names a certificate without an RSA key.")
    return key


def _read(till: Till, name: str, simulated: str) -> str:
    own, shared = f"TILL_{till.number}_{name}", f"DARAJA_{name}"
    value = os.environ.get(own) or os.environ.get(shared)
    if not value and not settings.PRODUCTION:
        value = simulated
    if not value:
        raise MissingCredentials(f"Set {own} (or {shared}) in the environment.")
    return value
