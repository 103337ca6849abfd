"""The files that jobs leave: each attempt has a folder of its own below VAR/results."""

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from django.conf import settings

_FOLDER = re.compile(r"(\d+)-(\d+)")


class NotOurs(Exception):
    """A result lies outside of the folder that its attempt was given."""


def root() -> Path:
    """Return the folder of all results."""
    return Path(settings.RESULTS_DIR)


def folder_of(job_id: int, attempt: int) -> Path:
    """Return where an attempt leaves its file."""
    return root() / f"{job_id}-{attempt}"


def make_folder(job_id: int, attempt: int) -> Path:
    """Make the folder of an attempt, empty, readable for us alone."""
    folder = folder_of(job_id, attempt)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def drop_folder(job_id: int, attempt: int) -> None:
    """Remove what an attempt left."""
    shutil.rmtree(folder_of(job_id, attempt), ignore_errors=True)


def name_within(file: str, job_id: int, attempt: int) -> str:
    """Return the name below VAR/results of a file that an attempt left. Raises NotOurs."""
    path, folder = Path(file).resolve(), folder_of(job_id, attempt).resolve()
    if path.parent != folder or not path.is_file():
        raise NotOurs(f"The result {Path(file).name} is not where it should be.")
    return f"{folder.name}/{path.name}"


def path_of(name: str) -> Path | None:
    """Return the path of a result by the name that its row holds; None where it is gone."""
    path = (root() / name).resolve()
    is_ours = bool(name) and root().resolve() in path.parents
    return path if is_ours and path.is_file() else None


def strays(kept: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (job id, attempt) of the folders that are none of `kept`."""
    if not root().is_dir():
        return []
    found = [_FOLDER.fullmatch(path.name) for path in root().iterdir()]
    pairs = [(int(match[1]), int(match[2])) for match in found if match]
    return sorted(pair for pair in pairs if pair not in kept)
