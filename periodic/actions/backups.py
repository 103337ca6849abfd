"""Backups: everything that a dead shop needs in one sealed file, kept, and copied elsewhere.

The files in VAR/backups are the truth, the rows tell of them. A file has its final name only when
it is whole and on the disk; what a death leaves in `.making` the next run removes.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from mpesa import spool
from periodic.actions import keys
from periodic.models import Backup, Drill
from periodic.safekeeping import archive, files, postgresql, retention, sqlite
from periodic.safekeeping.archive import Manifest
from periodic.safekeeping.figures import Figures, read_figures
from periodic.safekeeping.places import Place
from periodic.safekeeping.refusals import Impossible, Refused
from periodic.safekeeping.targets import FileTarget, ServerTarget

# Gets parts done and parts in all; may raise to stop the work.
Tick = Callable[[int, int], None]
PARTS = 100
_DATABASE_PARTS, _SEALED_PARTS = 40, 80


@dataclass(slots=True)
class Outcome:
    """What a run did; `trouble` is a sentence where the second place did not take its copies."""

    backup: Backup
    copied: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    trouble: str = ""


def back_up(*, now: datetime, tick: Tick = lambda done, total: None) -> Outcome:
    """Make a backup of this moment, copy it to the second place, and remove what is old.

    One at a time. Raises Refused with a sentence, and then there is no new backup; a second place
    that fails is told of in the outcome and tried again by the next run.
    """
    folder = files.private_folder(settings.BACKUP_DIR)
    with files.alone(folder / "lock", "Another backup is being made. Try again when it is done."):
        name = retention.name_of(now)
        if not (folder / name).exists():
            _make(folder / name, now, tick)
        _tell_of_files(folder)
        outcome = Outcome(Backup.objects.get(name=name))
        tick(_SEALED_PARTS, PARTS)
        there = _copy_to_second_place(folder, outcome, now)
        _remove_old(folder, there, outcome, now)
        outcome.backup.refresh_from_db()
        tick(PARTS, PARTS)
    return outcome


def _make(target: Path, now: datetime, tick: Tick) -> None:
    """Write one backup under its final name, or nothing."""
    secret = keys.passphrase()
    with _workshop(target.parent / ".making") as work:
        parts = {
            f"spool/{path.name}": path
            for path in spool.copy_to(files.private_folder(work / "spool"))
        }
        # After the spool: what leaves it meanwhile is in the database.
        dumped = _dump(work, lambda done, total: tick(_share(done, total, 0), PARTS))
        parts |= dumped.parts | _laptop_key()
        manifest = Manifest(
            taken_at=now,
            version=keys.version(),
            vendor=dumped.vendor,
            server=dumped.server,
            key_mark=keys.key_mark(settings.SECRET_KEY),
            figures=dumped.figures,
            files=archive.facts_of(parts),
        )
        sealed = work / target.name
        archive.pack(
            sealed,
            manifest,
            parts,
            secret,
            tick=lambda done, total: tick(_share(done, total, _DATABASE_PARTS), PARTS),
        )
        files.move_in(sealed, target)


def _share(done: int, total: int, before: int) -> int:
    return before + done * _DATABASE_PARTS // max(total, 1)


@contextlib.contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Give an empty folder, gone afterwards. Raises Impossible where the disk does not take it."""
    try:
        yield files.empty_folder(folder)
    except OSError as error:
        raise Impossible(f"The backup cannot be written: {error.strerror or error}.") from error
    finally:
        files.remove_folder(folder)


@dataclass(frozen=True, slots=True)
class _Dumped:
    vendor: str
    server: str
    figures: Figures
    parts: dict[str, Path]


def _dump(work: Path, tick: Tick) -> _Dumped:
    """Copy the living database, and count what the copy holds."""
    target = keys.living()
    name = archive.DATABASES[target.vendor]
    copy = work / name
    if isinstance(target, ServerTarget):
        figures, server = postgresql.dump(target.server, copy)
    else:
        assert isinstance(target, FileTarget)  # there are two kinds
        server = f"SQLite {sqlite.dump(target.path, copy, tick=tick)}"
        with sqlite.asking(copy) as ask:
            figures = read_figures(ask, "sqlite")
    return _Dumped(target.vendor, server, figures, {name: copy})


def _laptop_key() -> dict[str, Path]:
    """A secret key that lives beside the data goes with it; one of the environment does not."""
    path = settings.VAR / archive.SECRET_KEY
    is_used = path.exists() and path.read_text().strip() == settings.SECRET_KEY
    return {archive.SECRET_KEY: path} if is_used else {}


def _tell_of_files(folder: Path) -> None:
    """Keep the rows in step with the files: made, restored with an older database, removed."""
    found = {path.name: path for path in folder.iterdir() if retention.time_of(path.name)}
    known = set(Backup.objects.filter(removed_at=None).values_list("name", flat=True))
    for name in sorted(found.keys() - known):
        facts = {
            "taken_at": retention.time_of(name),
            "bytes": found[name].stat().st_size,
            "sha256": archive.digest_of(found[name]),
            "removed_at": None,
        }
        with transaction.atomic():
            Backup.objects.update_or_create(name=name, defaults=facts)


def _copy_to_second_place(folder: Path, outcome: Outcome, now: datetime) -> dict[str, int] | None:
    """Copy what is not there yet, the newest first; return what is there, None: it is not known.

    Without a second place, nothing is there.
    """
    try:
        place = keys.second()
        if place is None:
            return {}
        there = place.names()
        going = _old(folder, there)
        for backup in Backup.objects.filter(removed_at=None).order_by("-taken_at"):
            if backup.name not in going and (folder / backup.name).exists():
                _copy_one(place, folder / backup.name, backup, there, outcome, now)
    except Refused as error:
        outcome.trouble = f"The second place has no copy: {error}"[:300]
        with transaction.atomic():
            waiting = Backup.objects.filter(removed_at=None, copied_at=None)
            waiting.update(copy_trouble=outcome.trouble)
        return None
    return there


def _copy_one(
    place: Place,
    path: Path,
    backup: Backup,
    there: dict[str, int],
    outcome: Outcome,
    now: datetime,
) -> None:
    if there.get(backup.name) != backup.bytes:
        place.put(path, backup.name)
        there[backup.name] = backup.bytes
        outcome.copied.append(backup.name)
    elif backup.copied_at:
        return
    with transaction.atomic():
        Backup.objects.filter(pk=backup.pk).update(copied_at=now, copy_trouble="")


def _old(folder: Path, there: Collection[str]) -> list[str]:
    """Return what need not be kept, the same for both places, or copies would come and go."""
    here = {path.name for path in folder.iterdir() if retention.time_of(path.name)}
    proved = set(Drill.objects.filter(is_ok=True).values_list("backup", flat=True))
    return retention.to_remove(here.union(there), proved=proved)


def _remove_old(
    folder: Path, there: dict[str, int] | None, outcome: Outcome, now: datetime
) -> None:
    """Remove what is old in both places; in the second one only where it is known what it has."""
    for name in _old(folder, there or ()):
        if (folder / name).exists():
            (folder / name).unlink()
            with transaction.atomic():
                Backup.objects.filter(name=name).update(removed_at=now)
            outcome.removed.append(name)
        if there and name in there:
            _remove_there(name, outcome)


def _remove_there(name: str, outcome: Outcome) -> None:
    try:
        place = keys.second()
        assert place  # it said what it has
        place.remove(name)
    except Refused as error:
        outcome.trouble = f"The second place keeps what is old: {error}"[:300]
