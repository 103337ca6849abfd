import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mpesa.credentials import (
    SIMULATED,
    SIMULATED_SECURITY_CREDENTIAL,
    Credentials,
    MissingCredentials,
    credentials_of,
    initiator_of,
)
from mpesa.models import Till

TILL = Till(number="9900302", shortcode="9900300")
NAMES = ("CONSUMER_KEY", "CONSUMER_SECRET", "PASSKEY")
INITIATOR_NAMES = ("INITIATOR_NAME", "INITIATOR_PASSWORD")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    monkeypatch.delenv("DARAJA_CERTIFICATE", raising=False)
    for name in (*NAMES, *INITIATOR_NAMES):
        monkeypatch.delenv(f"TILL_9900302_{name}", raising=False)
        monkeypatch.delenv(f"DARAJA_{name}", raising=False)


def set_all(monkeypatch, prefix):
    for name in NAMES:
        monkeypatch.setenv(f"{prefix}_{name}", f"{prefix} {name}")


def test_credentials_of_are_the_simulators_outside_production():
    found = credentials_of(TILL)

    assert found == Credentials(*SIMULATED.values())


def test_credentials_of_take_the_shared_ones(monkeypatch, settings):
    settings.PRODUCTION = True
    set_all(monkeypatch, "DARAJA")

    found = credentials_of(TILL)

    assert found == Credentials(*(f"DARAJA {name}" for name in NAMES))


def test_credentials_of_prefer_the_tills_own(monkeypatch, settings):
    settings.PRODUCTION = True
    set_all(monkeypatch, "DARAJA")
    set_all(monkeypatch, "TILL_9900302")

    found = credentials_of(TILL)

    assert found == Credentials(*(f"TILL_9900302 {name}" for name in NAMES))


def test_credentials_of_mix_own_and_shared_by_variable(monkeypatch, settings):
    settings.PRODUCTION = True
    set_all(monkeypatch, "DARAJA")
    monkeypatch.setenv("TILL_9900302_PASSKEY", "own")

    found = credentials_of(TILL)

    assert found == Credentials("DARAJA CONSUMER_KEY", "DARAJA CONSUMER_SECRET", "own")


def test_credentials_of_another_till_are_not_taken(monkeypatch, settings):
    settings.PRODUCTION = True
    set_all(monkeypatch, "TILL_9900302")

    with pytest.raises(MissingCredentials):
        credentials_of(Till(number="9900303"))


@pytest.mark.parametrize("missing", NAMES)
@pytest.mark.parametrize("value", [None, ""])
def test_credentials_of_in_production_name_the_missing_variable(
    monkeypatch, settings, missing, value
):
    settings.PRODUCTION = True
    set_all(monkeypatch, "DARAJA")
    if value is None:
        monkeypatch.delenv(f"DARAJA_{missing}")
    else:
        monkeypatch.setenv(f"DARAJA_{missing}", value)

    with pytest.raises(MissingCredentials) as refusal:
        credentials_of(TILL)

    assert str(refusal.value) == (
        f"Set TILL_9900302_{missing} (or DARAJA_{missing}) in the environment."
    )


def test_credentials_are_never_shown():
    assert repr(credentials_of(TILL)) == "Credentials()"


# Initiators


def certificate(key=KEY) -> x509.Certificate:
    """Return a certificate that expired years ago, as the one that SDKs carry (REFERENCE 4.0)."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a gateway of the tests")])
    ended = datetime(2018, 3, 21, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ended - timedelta(days=1))
        .not_valid_after(ended)
        .sign(key, SHA256())
    )


@pytest.fixture
def certified(monkeypatch, tmp_path):
    """Return a function that makes a file the certificate."""

    def certify(data: bytes) -> None:
        path = tmp_path / "gateway.cer"
        path.write_bytes(data)
        monkeypatch.setenv("DARAJA_CERTIFICATE", str(path))

    return certify


def set_initiator(monkeypatch, prefix="DARAJA", password="Safe#Word%1"):
    monkeypatch.setenv(f"{prefix}_INITIATOR_NAME", f"{prefix} operator")
    monkeypatch.setenv(f"{prefix}_INITIATOR_PASSWORD", password)


def opened(security_credential: str) -> str:
    return KEY.decrypt(base64.b64decode(security_credential, validate=True), PKCS1v15()).decode()


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_initiator_of_encrypts_the_password_for_safaricom(
    monkeypatch, settings, certified, encoding
):
    settings.PRODUCTION = True
    set_initiator(monkeypatch)
    certified(certificate().public_bytes(encoding))

    found = initiator_of(TILL)

    assert (found.name, opened(found.security_credential)) == ("DARAJA operator", "Safe#Word%1")


def test_initiator_of_reads_a_certificate_after_a_preamble(monkeypatch, certified):
    set_initiator(monkeypatch)
    certified(b"Bag Attributes\r\n" + certificate().public_bytes(Encoding.PEM))

    assert opened(initiator_of(TILL).security_credential) == "Safe#Word%1"


def test_initiator_of_prefers_the_tills_own(monkeypatch, settings, certified):
    settings.PRODUCTION = True
    set_initiator(monkeypatch)
    set_initiator(monkeypatch, "TILL_9900302", "own")
    certified(certificate().public_bytes(Encoding.PEM))

    found = initiator_of(TILL)

    assert (found.name, opened(found.security_credential)) == ("TILL_9900302 operator", "own")


def test_initiator_of_is_the_simulators_outside_production():
    found = initiator_of(TILL)

    assert found.name == "simulator-operator"
    assert found.security_credential == SIMULATED_SECURITY_CREDENTIAL != ""


def test_initiator_of_sends_no_password_without_a_certificate(monkeypatch):
    set_initiator(monkeypatch)

    assert initiator_of(TILL).security_credential == SIMULATED_SECURITY_CREDENTIAL


@pytest.mark.parametrize("missing", INITIATOR_NAMES)
def test_initiator_of_in_production_names_the_missing_variable(
    monkeypatch, settings, certified, missing
):
    settings.PRODUCTION = True
    set_initiator(monkeypatch)
    certified(certificate().public_bytes(Encoding.PEM))
    monkeypatch.delenv(f"DARAJA_{missing}")

    with pytest.raises(MissingCredentials) as refusal:
        initiator_of(TILL)

    assert str(refusal.value) == (
        f"Set TILL_9900302_{missing} (or DARAJA_{missing}) in the environment."
    )


def test_initiator_of_in_production_names_a_missing_certificate(monkeypatch, settings):
    settings.PRODUCTION = True
    set_initiator(monkeypatch)

    with pytest.raises(MissingCredentials) as refusal:
        initiator_of(TILL)

    assert str(refusal.value) == "Set DARAJA_CERTIFICATE in the environment."


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.PEM),
    ],
    ids=["empty", "text", "broken", "elliptic"],
)
def test_initiator_of_refuses_a_file_that_is_no_certificate(monkeypatch, certified, data):
    set_initiator(monkeypatch)
    certified(data)

    with pytest.raises(MissingCredentials) as refusal:
        initiator_of(TILL)

    assert str(refusal.value).startswith("DARAJA_CERTIFICATE names ")


def test_initiator_of_refuses_a_certificate_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("DARAJA_CERTIFICATE", str(tmp_path / "none.cer"))

    with pytest.raises(MissingCredentials):
        initiator_of(TILL)


def test_initiator_of_refuses_a_password_that_the_key_cannot_hold(monkeypatch, certified):
    set_initiator(monkeypatch, password="p" * 300)
    certified(certificate().public_bytes(Encoding.PEM))

    with pytest.raises(MissingCredentials) as refusal:
        initiator_of(TILL)

    assert "p" * 10 not in str(refusal.value)


def test_an_initiator_is_never_shown(monkeypatch, certified):
    set_initiator(monkeypatch)
    certified(certificate().public_bytes(Encoding.PEM))

    assert repr(initiator_of(TILL)) == "Initiator()"


def test_a_till_without_an_initiator_still_pushes(monkeypatch, settings):
    settings.PRODUCTION = True
    set_all(monkeypatch, "DARAJA")

    assert credentials_of(TILL).passkey == "DARAJA PASSKEY"
