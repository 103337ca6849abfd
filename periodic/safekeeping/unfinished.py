"""A restore that was cut short after the database took its place: a file in VAR tells of it.

The database comes by one renaming. What belongs to it, callbacks that waited and a laptop's secret
key, comes after it: whoever dies between leaves this file, and such a shop is not served.
"""

from pathlib import Path

from periodic.safekeeping import files

NAME = "restore.unfinished"


def begin(var: Path, backup: str) -> bool:
    """Say that a restore of `backup` takes its place, on the disk when this returns.

    Return False where one that was cut short says so already.
    """
    if (var / NAME).exists():
        return False
    (var / NAME).write_text(backup)
    files.sync_folder(var)
    return True


def end(var: Path) -> None:
    """Say that everything is in its place, or that nothing was touched."""
    (var / NAME).unlink()
    files.sync_folder(var)


def what_is(var: Path) -> str:
    """Return what to tell where a restore was cut short, or ""."""
    path = var / NAME
    if not path.exists():
        return ""
    return (
        f"A restore of {path.read_text()} was cut short, so this shop may lack callbacks that"
        " waited and its secret key. Run it again: python manage.py restore FILE --replace"
    )
