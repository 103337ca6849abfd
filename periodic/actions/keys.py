"""What the settings say about backups: the passphrase, the second place, where the shop lives."""

import hashlib
import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.db import connection

from periodic.safekeeping import files, places
from periodic.safekeeping.postgresql import Server
from periodic.safekeeping.refusals import Impossible
from periodic.safekeeping.targets import FileTarget, ServerTarget, Target

log = logging.getLogger(__name__)


def passphrase() -> str:
    """Return BACKUP_PASSPHRASE, or on a laptop the machine's own from VAR/backup.key.

    Raises Impossible in production without one.
    """
    if settings.BACKUP_PASSPHRASE:
        return str(settings.BACKUP_PASSPHRASE)
    if settings.PRODUCTION:
        raise Impossible("Set BACKUP_PASSPHRASE, and keep it where this machine's end spares it.")
    path = settings.VAR / "backup.key"
    secret, is_new = files.secret_made_once(path)
    if is_new:
        log.warning(
            "%s was made and seals the backups. Keep a copy of it elsewhere: without it no backup"
            " opens, and a copy beside the backups protects nothing.",
            path,
        )
    return secret


def passphrase_to_open() -> str:
    """Return the passphrase to open a backup with; none is made up. Raises Impossible."""
    if settings.BACKUP_PASSPHRASE or (settings.VAR / "backup.key").exists():
        return passphrase()
    raise Impossible(
        "There is no passphrase to open the backup with. Set BACKUP_PASSPHRASE or"
        " BACKUP_PASSPHRASE_FILE, or put the laptop's backup.key into VAR."
    )


def second() -> places.Place | None:
    """Return the second place, or None where BACKUP_COPY_TO names none. Raises Impossible."""
    keys = places.Bucket(
        endpoint=settings.BACKUP_S3_ENDPOINT,
        region=settings.BACKUP_S3_REGION,
        access_key=settings.BACKUP_S3_ACCESS_KEY,
        secret_key=settings.BACKUP_S3_SECRET_KEY,
    )
    place = places.second_place(settings.BACKUP_COPY_TO, keys)
    if isinstance(place, places.FolderPlace) and _is_first(place.folder):
        raise Impossible("BACKUP_COPY_TO is the folder of the backups itself: name another disk.")
    return place


def _is_first(folder: Path) -> bool:
    return folder.resolve() == Path(settings.BACKUP_DIR).resolve()


def living() -> Target:
    """Return where the shop of this process lives."""
    return _target(connection.settings_dict, settings.VAR)


def target_of(into: str) -> Target:
    """Return where a restored shop is to go: a folder, a URL without a password, or the settings'.

    Raises Impossible.
    """
    if not into:
        return living()
    if "://" not in into:
        folder = Path(into).resolve()
        return FileTarget(folder / "duka.sqlite3", folder)
    try:
        found = dj_database_url.parse(into)
    except ValueError:  # its message shows the address, with a password that may be in it
        found = {}
    if "postgresql" not in found.get("ENGINE", "") or not found["NAME"]:
        raise Impossible("--into is a folder, or an address such as postgres://user@host/name.")
    if found["PASSWORD"]:
        raise Impossible(
            "A password in --into would be seen by everybody on this machine. Put it into"
            " PGPASSWORD, or the whole address into DATABASE_URL."
        )
    return _target(found, settings.VAR)


def _target(database: Mapping[str, Any], var: Path) -> Target:
    if database["ENGINE"].endswith("sqlite3"):
        return FileTarget(Path(database["NAME"]), var)
    return ServerTarget(Server.of(database), var)


def key_mark(secret_key: str) -> str:
    """Return what tells one SECRET_KEY from another and does not help to find it."""
    return hashlib.sha256(b"duka backup key mark:" + secret_key.encode()).hexdigest()[:16]


def version() -> str:
    """Return the product's version."""
    facts = tomllib.loads((settings.HOUSE / "pyproject.toml").read_text())
    return str(facts["project"]["version"])
