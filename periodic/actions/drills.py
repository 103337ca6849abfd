"""The restore drill: the newest backup of each place is restored, examined and thrown away.

Nothing of the living shop is written but the dated result: the copy is a scratch database, looked
at by a process that knows no other.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from money.models import Entry
from periodic.actions import keys
from periodic.actions.backups import PARTS, Tick
from periodic.actions.copies import Looked, look_at, refuse_newer
from periodic.limits import A_SKEW
from periodic.models import Drill, DrillPlace
from periodic.safekeeping import archive, files, retention
from periodic.safekeeping.archive import Manifest
from periodic.safekeeping.refusals import Refused

_MOST_SENTENCE = 500


def drill(*, now: datetime, tick: Tick = lambda done, total: None) -> list[Drill]:
    """Prove that the newest backup restores, here and in the second place; return the results.

    A second place whose newest file is the same, byte for byte, as the one that was just restored
    is proved by that. Raises Refused only where another drill is running.
    """
    folder = files.private_folder(settings.BACKUP_DIR)
    with files.alone(folder / "drill.lock", "Another drill is running."):
        here = _drill_here(folder, now, tick)
        results = [here]
        tick(PARTS // 2, PARTS)
        if settings.BACKUP_COPY_TO:
            results.append(_drill_second(folder, here, now, tick))
        tick(PARTS, PARTS)
    return results


def _drill_here(folder: Path, now: datetime, tick: Tick) -> Drill:
    name = _newest([path.name for path in folder.iterdir()], now)
    if not name:
        return _write(now, DrillPlace.HERE, "", "There is no backup on this machine.")
    with _scratch_folder(folder) as work:
        return _prove(folder / name, DrillPlace.HERE, work, now, lambda: tick(1, PARTS))


def _drill_second(folder: Path, here: Drill, now: datetime, tick: Tick) -> Drill:
    name = ""
    with _scratch_folder(folder) as work:
        try:
            place = keys.second()
            assert place  # BACKUP_COPY_TO is set
            name = _newest(list(place.names()), now)
            if not name:
                return _write(now, DrillPlace.SECOND, "", "There is no backup in the second place.")
            fetched = work / name
            place.fetch(name, fetched)
        except (Refused, OSError) as error:
            return _write(now, DrillPlace.SECOND, name, f"It cannot be fetched: {error}")
        own = folder / name
        if (
            (here.is_ok, here.backup) == (True, name)
            and own.exists()
            and archive.digest_of(own) == archive.digest_of(fetched)
        ):
            sentence = "The same file, byte for byte, as the one that was restored here."
            return _write(now, DrillPlace.SECOND, name, sentence, figures=here.figures, is_ok=True)
        return _prove(fetched, DrillPlace.SECOND, work, now, lambda: tick(PARTS // 2, PARTS))


def _newest(names: list[str], now: datetime) -> str:
    """Return the newest backup; one of a clock that had run ahead where there is no other."""
    times = {name: at for name in names if (at := retention.time_of(name))}
    return max(times, key=lambda name: (times[name] <= now + A_SKEW, name), default="")


@contextlib.contextmanager
def _scratch_folder(folder: Path) -> Iterator[Path]:
    try:
        yield files.empty_folder(folder / ".drill")
    finally:
        files.remove_folder(folder / ".drill")


def _prove(
    file: Path, place: DrillPlace, work: Path, now: datetime, tick: Callable[[], None]
) -> Drill:
    """Restore one file and write what came of it."""
    try:
        manifest, looked = _restore(file, work, tick)
    except (Refused, OSError) as error:
        return _write(now, place, file.name, str(error))
    findings = looked.findings + _not_in_living_books(manifest)
    figures = asdict(looked.figures) | {"entries": looked.entries, "lines": looked.lines}
    if findings:
        return _write(now, place, file.name, " ".join(findings), figures=figures)
    rows = sum(manifest.figures.rows.values())
    sentence = (
        f"Restored and verified: {looked.entries:,} entries, {rows:,} rows, heads and trial"
        " balances as they were."
    )
    return _write(now, place, file.name, sentence, figures=figures, is_ok=True)


def _restore(file: Path, work: Path, tick: Callable[[], None]) -> tuple[Manifest, Looked]:
    """Restore into a scratch database, look at it and drop it. Raises Refused."""
    target = keys.living()
    manifest = archive.unpack(file, keys.passphrase_to_open(), files.private_folder(work / "in"))
    refuse_newer(manifest)
    scratch = target.scratch(work / "scratch", "drill")
    try:
        scratch.fill(work / "in" / archive.DATABASES[target.vendor])
        return manifest, look_at(scratch, manifest, tick=tick)
    finally:
        scratch.drop()


def _not_in_living_books(manifest: Manifest) -> list[str]:
    """Return a sentence per book whose head of that time is not in the living chain any more."""
    return [
        f"The books of {slug} do not contain entry {number} as the backup has it: the chain was"
        " written anew, or the backup is of another shop."
        for slug, (number, head) in manifest.figures.heads.items()
        if number
        and not Entry.objects.filter(business__slug=slug, number=number, hash=head).exists()
    ]


def _write(
    now: datetime,
    place: DrillPlace,
    name: str,
    sentence: str,
    *,
    figures: dict[str, object] | None = None,
    is_ok: bool = False,
) -> Drill:
    with transaction.atomic():
        return Drill.objects.create(
            at=now,
            place=place,
            backup=name,
            is_ok=is_ok,
            sentence=sentence[:_MOST_SENTENCE],
            figures=figures or {},
        )
