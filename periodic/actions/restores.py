"""Bringing a dead shop back: whole, examined, and only then under its name.

Everything happens beside the shop. What the file holds is believed only after its last byte; the
copy is migrated and verified by a process of its own; it comes by a renaming. From just before
that until its callbacks and its key are there too, a file says that no process may serve it. So
nobody ever meets half a shop, and a refusal has touched nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from periodic.actions import keys
from periodic.actions.copies import Looked, look_at, refuse_newer
from periodic.safekeeping import archive, files, retention, unfinished
from periodic.safekeeping.archive import Manifest
from periodic.safekeeping.refusals import Impossible, Refused
from periodic.safekeeping.targets import Scratch, Target

# How far back Safaricom's pull reaches (REFERENCE 8).
PULL_REACHES = timedelta(hours=48)
Say = Callable[[str], None]


class ShopIsAlive(Refused):
    """There is a shop where the backup would go, and nobody said to replace it."""


class Unsound(Refused):
    """The restored copy is not what the backup says, or its books do not verify."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was allowed: to replace a living shop, to look only, to take unsound books."""

    replace: bool = False
    dry_run: bool = False
    despite_findings: bool = False


def restore(*, file: Path, target: Target, wishes: Wishes, now: datetime, say: Say) -> None:
    """Restore a backup into `target`; `say` gets a sentence before each step and at the end.

    Raises Refused (ShopIsAlive, WrongKey, Damaged, Unsound, Impossible ...) with a sentence; the
    target is then as it was.
    """
    if not file.is_file():
        raise Impossible(f"There is no file {file}.")
    secret = keys.passphrase_to_open()
    _refuse_anothers_folder(target)
    _refuse_living(target, wishes)
    try:
        files.private_folder(target.var)
    except OSError as error:
        raise Impossible(f"{target.var} is no folder to restore into: {error.strerror}.") from error
    with files.alone(target.var / "restore.lock", "Another restore is running."):
        work = files.empty_folder(target.var / ".restoring")
        try:
            manifest = archive.unpack(file, secret, files.private_folder(work / "in"))
            _say_plan(manifest, target, wishes, say)
            _refuse_other_kind(manifest, target)
            refuse_newer(manifest)
            if wishes.dry_run:
                say("This was a rehearsal: nothing was changed.")
                return
            _restore(manifest, target, work, wishes, now, say)
        except OSError as error:
            raise Impossible(f"The disk does not take it: {error.strerror or error}.") from error
        finally:
            files.remove_folder(work)


def _refuse_anothers_folder(target: Target) -> None:
    """Raise Impossible where callbacks and key would go into the folder of a shop that lives."""
    ours = keys.living()
    if target.var != ours.var or target.place == ours.place:
        return
    try:
        is_living = ours.state() == "living"
    except Impossible:
        return  # its server is gone, and the folder is what is left of it
    if is_living:
        raise Impossible(
            f"{target.var} belongs to the shop in {ours}, and callbacks and key of the backup would"
            " go there. Set VAR to another folder, then restore again."
        )


def _refuse_living(target: Target, wishes: Wishes) -> None:
    if target.state() == "living" and not (wishes.replace or wishes.dry_run):
        raise ShopIsAlive(
            f"There is a shop in {target} already, and a restore would replace it. To do so, stop"
            " web and workers and add --replace; what is there now is put aside, not deleted."
        )


def _refuse_other_kind(manifest: Manifest, target: Target) -> None:
    if manifest.vendor != target.vendor:
        raise Impossible(
            f"The backup is of {manifest.server} and {target} is {target.vendor}. Restore it where"
            " DATABASE_URL names the same kind of database."
        )


def _say_plan(manifest: Manifest, target: Target, wishes: Wishes, say: Say) -> None:
    """Tell what the backup is and what will happen, before anything does."""
    figures = manifest.figures
    taken = timezone.localtime(manifest.taken_at)
    rows = sum(figures.rows.values())
    say(f"The backup is whole. It was taken on {taken:%-d %B %Y at %H:%M} by {manifest.server},")
    say(f"Duka {manifest.version}: {rows:,} rows in {len(figures.rows)} tables.")
    for slug, (number, head) in figures.heads.items():
        say(f"  {slug}: {number:,} entries, head {str(head)[:16]}…")
    spooled = sum(name.startswith("spool/") for name in manifest.files)
    if spooled:
        say(f"It brings {spooled} files of callbacks that were waiting.")
    if target.state() == "living":
        will = "is put aside and replaced" if wishes.replace else "is in the way: --replace"
        say(f"The shop that is in {target} now {will}.")
    else:
        say(f"It goes into {target}, which is empty.")


def _restore(
    manifest: Manifest, target: Target, work: Path, wishes: Wishes, now: datetime, say: Say
) -> None:
    say("Restoring beside it ...")
    scratch = target.scratch(work / "scratch", "restoring")
    try:
        scratch.fill(work / "in" / archive.DATABASES[manifest.vendor])
        say("Migrating and verifying the copy ...")
        looked = look_at(scratch, manifest, tick=lambda: None)
        _refuse_unsound(looked, wishes, say)
        _refuse_living(target, wishes)  # somebody may have begun to sell meanwhile
        aside = _swap_in(scratch, target, manifest, now)
    finally:
        scratch.drop()
    spooled = _put_spool(work / "in" / "spool", target.var / "spool")
    key_is_ours = _put_secret_key(work / "in" / archive.SECRET_KEY, target, manifest)
    unfinished.end(target.var)
    _say_end(manifest, looked, say, now=now, aside=aside, spooled=spooled, key_is_ours=key_is_ours)


def _swap_in(scratch: Scratch, target: Target, manifest: Manifest, now: datetime) -> str:
    """Put the copy in the shop's place, not to be served yet; return the old one's new name."""
    is_first = unfinished.begin(target.var, retention.name_of(manifest.taken_at))
    try:
        return scratch.swap_in(f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    except Refused:
        if is_first:  # what one before left half done is as half done as it was
            unfinished.end(target.var)
        raise


def _refuse_unsound(looked: Looked, wishes: Wishes, say: Say) -> None:
    for finding in looked.findings:
        say(f"Found: {finding}")
    if looked.findings and not wishes.despite_findings:
        raise Unsound(
            "The restored copy is not sound, so nothing was changed. Try an older backup; to take"
            " this one as it is, add --despite-findings."
        )


def _put_spool(source: Path, spool: Path) -> int:
    """Put the callbacks that waited where a worker finds them; those that are there stay."""
    if not source.is_dir():
        return 0
    files.private_folder(spool)
    for path in source.iterdir():
        # Each message has an id of its own and is brought in once, so a second name does no harm.
        name = path.name if not (spool / path.name).exists() else f"restored-{path.name}"
        files.move_in(path, spool / name)
    return sum(1 for path in spool.iterdir() if path.suffix in {".jsonl", ".taking"})


def _put_secret_key(source: Path, target: Target, manifest: Manifest) -> bool:
    """Put a laptop's key back; return whether the shop will have the key that it had."""
    if source.exists():
        place = target.var / archive.SECRET_KEY
        # A restore that is begun again finds the key that it brought: it is kept already.
        if place.exists() and place.read_bytes() != source.read_bytes():
            kept = place.with_name(f"{place.name}.before-restore")
            kept.unlink(missing_ok=True)
            kept.hardlink_to(place)
        files.move_in(source, place)
        return True
    return keys.key_mark(settings.SECRET_KEY) == manifest.key_mark


def _say_end(
    manifest: Manifest,
    looked: Looked,
    say: Say,
    *,
    now: datetime,
    aside: str,
    spooled: int,
    key_is_ours: bool,
) -> None:
    """Tell what is there now, and what only people can bring back."""
    taken = timezone.localtime(manifest.taken_at)
    verdict = "taken despite what was found" if looked.findings else "books verified"
    say(f"Restored: {looked.entries:,} entries, {looked.lines:,} lines, {verdict}.")
    if aside:
        say(f"What was there before is now {aside}.")
    if manifest.vendor == "postgresql":
        say("Where the application has a role of its own, run grant_app_role as the owner now.")
    if spooled:
        say(f"{spooled} files of callbacks wait; the payments worker brings them in by itself.")
    if not key_is_ours:
        say("SECRET_KEY is not the one that the shop had: everybody signs in anew, and payers are")
        say("not recognised. Put the old one into SECRET_KEY, or into SECRET_KEY_FALLBACKS.")
    say(f"Missing is what happened after {taken:%-d %B %Y at %H:%M}:")
    say("* M-Pesa: start web and workers, then run: python manage.py pull_transactions --hours 48")
    if now - manifest.taken_at > PULL_REACHES:
        say("  The pull reaches back 48 hours and the backup is older: for the days between, load")
        say("  the statements of each till: python manage.py load_statement FILE --till N")
    else:
        say("  Load the next statement of each till too: what it shows and nobody told is booked.")
    say("* Cash: ring up again, from receipts, what was sold for cash since.")
