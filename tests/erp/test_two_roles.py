"""Production is warned while its database role gets past the triggers."""

import logging
import socket
import sys
from types import SimpleNamespace

import pytest
import waitress
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from erp import checks
from money import roles

STRONG = "duka owns money_entry, itself or by duka."


@pytest.fixture
def strong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "powers", lambda using: [STRONG])


def said(settings: Settings) -> list[tuple[str, str]]:
    found = run_checks(tags=[Tags.database], databases=["default"])
    return [(str(one.id), one.msg) for one in found if str(one.id).startswith("erp.")]


def test_production_is_warned_of_a_strong_role(settings: Settings, strong: None, db: None) -> None:
    settings.PRODUCTION = True

    assert said(settings) == [
        (
            "erp.W001",
            f"DATABASE_URL: its role can get past the triggers that guard the books. {STRONG}",
        )
    ]


def test_a_laptop_is_not_warned(settings: Settings, strong: None, db: None) -> None:
    settings.PRODUCTION = False

    assert said(settings) == []


def test_the_check_asks_the_database(settings: Settings, db: None) -> None:
    settings.PRODUCTION = True

    # The tests' own role makes databases, so it is no application's role on PostgreSQL.
    assert len(said(settings)) == (1 if connection.vendor == "postgresql" else 0)


def test_a_check_without_databases_asks_none(settings: Settings, strong: None) -> None:
    settings.PRODUCTION = True

    assert checks.two_database_roles(None) == []


def test_serve_warns_in_its_log(
    settings: Settings,
    strong: None,
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr(waitress, "serve", lambda *args, **kwargs: None)
    monkeypatch.setattr("signal.signal", lambda *args: None)
    # The real one starts a thread that rings.
    monkeypatch.setitem(sys.modules, "erp.wsgi", SimpleNamespace(application=None))
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]

    with caplog.at_level(logging.WARNING):
        call_command("serve", listen=f"127.0.0.1:{free}", skip_checks=True)

    assert [one.getMessage() for one in caplog.records if STRONG in one.getMessage()] == [
        (
            f"DATABASE_URL: its role can get past the triggers that guard the books. {STRONG}"
            " Right for `migrate`, not for web and workers. Run `grant_app_role` as the owner."
        )
    ]
