import pytest

from mpesa.credentials import SIMULATED, Credentials, MissingCredentials, credentials_of
from mpesa.models import Till

TILL = Till(number="9900302", shortcode="9900300")
NAMES = ("CONSUMER_KEY", "CONSUMER_SECRET", "PASSKEY")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in NAMES:
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
