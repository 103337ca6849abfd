"""PostgreSQL's own programs: what is missing, too old or failing is told in a sentence."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import pytest
from pytest_django import Settings

from periodic.actions import keys
from periodic.safekeeping import postgresql
from periodic.safekeeping.postgresql import Server, stem_of
from periodic.safekeeping.refusals import Impossible
from periodic.safekeeping.targets import FileTarget, ServerTarget

PASSWORD = "fungua/m:lango@"
SERVER = Server("127.0.0.1", "1", "duka", PASSWORD, "duka", {"sslmode": "disable"})


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pg_dump of the test's own, before all others on the PATH."""
    path = tmp_path / "pg_dump"
    path.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return path


@pytest.mark.parametrize("said", ["pg_dump (PostgreSQL) 13.4 (Debian 13.4-1)", "something else"])
def test_an_older_tool_than_the_server_is_told_before_it_fails(tool: Path, said: str) -> None:
    tool.write_text(f"#!/bin/sh\necho '{said}'\n")

    with pytest.raises(Impossible, match="Install postgresql-client-15"):
        postgresql._refuse_old_tool("pg_dump", 15)


@pytest.mark.parametrize("version", ["15.20 (Debian 15.20-0+deb12u1)", "18beta1", "17devel"])
def test_a_tool_of_the_same_or_a_newer_version_is_let_through(tool: Path, version: str) -> None:
    tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")

    postgresql._refuse_old_tool("pg_dump", 15)


def test_a_missing_tool_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Impossible, match="Install postgresql-client"):
        postgresql._run_tool("pg_dump", environment={})


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'pg_dump: error: no space left' >&2; exit 1", "no space left"),
        ("exit 3", "it did not say why"),
    ],
)
def test_what_a_failing_tool_says_is_told(tool: Path, script: str, sentence: str) -> None:
    tool.write_text(f"#!/bin/sh\n{script}\n")

    with pytest.raises(Impossible, match=sentence):
        postgresql._run_tool("pg_dump", environment=dict(os.environ))


def test_a_tool_that_hangs_is_ended(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(postgresql, "TOOL_SECONDS", 1)

    with pytest.raises(Impossible, match="did not end"):
        postgresql._run_tool("pg_dump", environment=dict(os.environ))


def test_a_server_that_is_gone_is_told_without_the_password() -> None:
    with pytest.raises(Impossible, match="PostgreSQL did not answer") as refusal:
        postgresql.state_of(SERVER)

    assert PASSWORD not in str(refusal.value)
    assert PASSWORD not in repr(SERVER)


def test_tools_get_the_password_by_their_environment() -> None:
    environment = SERVER.environment("other")

    wanted = {"PGPASSWORD": PASSWORD, "PGDATABASE": "other", "PGSSLMODE": "disable", "PGPORT": "1"}
    assert {name: environment[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "server",
    [SERVER, Server("/var/run/postgresql", "", "duka", "", "a b#1"), Server("h", "", "", "", "d")],
    ids=["password", "socket", "little"],
)
def test_an_address_names_the_same_server(server: Server) -> None:
    assert Server.of(dj_database_url.parse(server.url(server.database))) == server


def test_a_password_on_the_command_line_is_refused() -> None:
    with pytest.raises(Impossible, match="PGPASSWORD") as refusal:
        keys.target_of("postgres://duka:secret@127.0.0.1/duka")

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "into",
    ["sqlite:///x", "mysql://a@b/c", "postgres://a@b", "postgres://a:secret@b:x/c", "http://a/b"],
)
def test_an_address_that_is_no_database_of_ours_is_no_folder(into: str) -> None:
    with pytest.raises(Impossible, match="--into is a folder, or an address") as refusal:
        keys.target_of(into)

    assert "secret" not in str(refusal.value)


def test_where_a_shop_goes(tmp_path: Path) -> None:
    folder, server = keys.target_of(str(tmp_path)), keys.target_of("postgres://duka@h/shop")

    assert folder == FileTarget(tmp_path / "duka.sqlite3", tmp_path)
    assert isinstance(server, ServerTarget)
    assert (server.server.host, server.server.database) == ("h", "shop")
    assert urlsplit(server.server.url("x")).password is None


def test_production_needs_a_passphrase(settings: Settings, tmp_path: Path) -> None:
    settings.PRODUCTION, settings.VAR = True, tmp_path

    with pytest.raises(Impossible, match="BACKUP_PASSPHRASE"):
        keys.passphrase()
    assert list(tmp_path.iterdir()) == []


def test_a_laptop_makes_a_key_once_and_says_so(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.VAR = tmp_path
    with pytest.raises(Impossible, match=r"backup\.key"):
        keys.passphrase_to_open()

    secret = keys.passphrase()

    assert secret == keys.passphrase() == keys.passphrase_to_open()
    assert len(caplog.records) == 1
    assert secret not in caplog.text
    settings.BACKUP_PASSPHRASE = "the environment's"
    assert keys.passphrase() == "the environment's"


def test_long_names_that_begin_alike_have_not_the_same_beside_them() -> None:
    long = "duka_of_amina_in_nakuru_and_of_her_sister_"

    assert stem_of("duka") == "duka"
    assert stem_of(f"{long}1") != stem_of(f"{long}2")
    # PostgreSQL cuts a name after 63 bytes.
    assert len(f"{stem_of(long * 2)}_before_20261122t090000z") <= 63
