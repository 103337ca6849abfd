"""Typed reading of the environment: a wrong value stops the start and says how to mend it."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from periodic.quiet import NotHours, QuietHours, parse_hours

YES = {"1", "yes", "true", "on"}
NO = {"0", "no", "false", "off", ""}


def text(name: str, default: str = "") -> str:
    """Return the variable `name` without surrounding spaces, or `default` where it is empty."""
    return os.environ.get(name, "").strip() or default


def secret(name: str) -> str:
    """Return the variable `name`, or the first line of the file that `name`_FILE names."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    if text(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one.")
    try:
        lines = Path(path).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
    if not lines or not lines[0].strip():
        raise ImproperlyConfigured(f"{name}_FILE names a file without a first line.")
    return lines[0].strip()


def flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no variable; anything but yes, no, 1, 0, on, off, true, false is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    lowered = value.strip().lower()
    if lowered in YES:
        return True
    if lowered in NO:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write yes or no.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number between `least` and `most`, both included."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: write a whole number from {least} to {most}."
        )
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without empty parts."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def quiet_hours(name: str) -> QuietHours | None:
    """Return the hours of "21:30-06:00", None where there are none; anything else is refused."""
    try:
        return parse_hours(text(name))
    except NotHours as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def mail_server(name: str) -> dict[str, str | int | bool]:
    """Return Django's EMAIL_* settings from smtp://user:password@host:587, none where it is empty.

    smtp:// asks for STARTTLS, smtps:// speaks TLS from the first byte (port 465).
    """
    value = text(name)
    if not value:
        return {}
    ports = {"smtp": 587, "smtps": 465}
    try:
        url = urlsplit(value)
        port = url.port or ports[url.scheme]
    except (KeyError, ValueError):
        url, port = urlsplit(""), 0
    if not url.hostname or not port:
        # Not the value itself: it holds a password.
        raise ImproperlyConfigured(f"{name}: write smtp://user:password@host:587 (or smtps://).")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_TLS": url.scheme == "smtp",
        "EMAIL_USE_SSL": url.scheme == "smtps",
    }


def _make_private(folder: Path) -> None:
    """Make the folder of run-time data for its owner alone: it holds phones and password hashes."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(f"VAR cannot be made: {error}") from error


def secret_key(folder: Path) -> str:
    """Return SECRET_KEY, or on a laptop one of the machine's own, made once and kept in `folder`.

    A key that is written into the code would be the same on every laptop in every shop.
    """
    if value := text("SECRET_KEY"):
        return value
    path = folder / "secret_key"
    if not path.exists():
        _make_private(folder)
        fresh = folder / f"secret_key.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            # link() never overwrites: of several processes starting at once, one key wins, whole.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        except OSError:
            # A disk without hard links, such as a shared folder: the last of them wins.
            fresh.replace(path)
        fresh.unlink(missing_ok=True)
    return path.read_text().strip()
