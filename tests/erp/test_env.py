"""Reading the environment: typed values, and sentences for wrong ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from erp import env

NAME = "DUKA_TEST_VARIABLE"


def test_text_is_stripped_or_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    before = env.text(NAME, "else")
    monkeypatch.setenv(NAME, "  some words ")

    assert (before, env.text(NAME, "else")) == ("else", "some words")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((yes, True) for yes in ("1", "yes", "TRUE", " on ")),
        *((no, False) for no in ("0", "no", "False", "off", "", " ")),
    ],
)
def test_flag_reads_yes_and_no(monkeypatch: pytest.MonkeyPatch, *, text: str, value: bool) -> None:
    monkeypatch.setenv(NAME, text)

    assert env.flag(NAME, default=not value) is value


def test_flag_takes_its_default_where_nothing_is_set() -> None:
    assert [env.flag(NAME), env.flag(NAME, default=True)] == [False, True]


def test_flag_refuses_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "maybe")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.flag(NAME)

    assert str(refusal.value) == "DUKA_TEST_VARIABLE is 'maybe': write yes or no."


@pytest.mark.parametrize(("text", "value"), [("1", 1), (" 65535 ", 65_535), ("8000", 8000)])
def test_integer_reads_whole_numbers_within_limits(
    monkeypatch: pytest.MonkeyPatch, text: str, value: int
) -> None:
    monkeypatch.setenv(NAME, text)

    assert env.integer(NAME, 5, least=1, most=65_535) == value


def test_integer_takes_its_default_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = env.integer(NAME, 5, least=1, most=9)
    monkeypatch.setenv(NAME, "")

    assert (unset, env.integer(NAME, 5, least=1, most=9)) == (5, 5)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "8000.0", "eight", "٣", "1e3"])
def test_integer_refuses_anything_else(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.integer(NAME, 5, least=1, most=65_535)

    assert str(refusal.value) == (
        f"DUKA_TEST_VARIABLE is {text!r}: write a whole number from 1 to 65535."
    )


def test_words_splits_at_commas_and_drops_empty_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " duka.co.ke, ,www.duka.co.ke,")

    assert env.words(NAME) == ["duka.co.ke", "www.duka.co.ke"]


def test_words_takes_its_default_where_nothing_is_set() -> None:
    assert (env.words(NAME), env.words(NAME, "*")) == ([], ["*"])


def test_secret_key_is_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")

    assert env.secret_key(tmp_path) == "from outside"
    assert list(tmp_path.iterdir()) == []


def test_secret_key_is_made_once_and_for_its_owner_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    folder = tmp_path / "new" / "var"

    first, second = env.secret_key(folder), env.secret_key(folder)

    files = [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()]
    assert first == second
    assert len(first) >= 60
    assert files == [("secret_key", 0o600)]


def test_secret_key_is_the_same_for_processes_that_start_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setattr(Path, "exists", lambda self: False)

    # One after the other, each sure that there is no key yet.
    keys = [env.secret_key(tmp_path) for _ in range(3)]

    assert keys == [keys[0]] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_secret_is_the_variable_or_the_first_line_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env.secret(NAME) == ""
    monkeypatch.setenv(NAME, "by hand")
    assert env.secret(NAME) == "by hand"
    monkeypatch.delenv(NAME)
    (tmp_path / "secret").write_text("from a file\nand more\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.secret(NAME) == "from a file"


@pytest.mark.parametrize("content", [None, "", "\n", b"\xff"])
def test_a_secret_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))

    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.secret(NAME)


def test_two_secrets_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "a")
    monkeypatch.setenv(f"{NAME}_FILE", "b")

    with pytest.raises(ImproperlyConfigured, match="keep one"):
        env.secret(NAME)


@pytest.mark.parametrize(
    "wrong",
    [
        {"JOB_SILENT_SECONDS": "14"},
        {"JOB_SILENT_SECONDS": "30", "JOB_HEARTBEAT_SECONDS": "20"},
        {"WORKER_SILENT_SECONDS": "19"},
        {"WORKER_SILENT_SECONDS": "60", "HEARTBEAT_SECONDS": "60"},
        {"MEMORY_PERCENT": "100"},
    ],
    ids=lambda wrong: " ".join(wrong.values()),
)
def test_a_limit_that_the_well_exceed_or_nobody_ever_stops_the_start(
    wrong: dict[str, str], tmp_path: Path
) -> None:
    told = {"VAR": str(tmp_path), "PYTHONPATH": os.pathsep.join(["site", "."]), **wrong}

    started = subprocess.run(
        [sys.executable, "-c", "import erp.settings"],
        env=dict(os.environ) | told,
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode
    assert f"{next(iter(wrong))} is " in started.stderr
