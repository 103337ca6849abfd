"""What kinds of jobs there are: each maps to work of a lower floor, its form and its rights.

A kind's module calls `register` when it is imported; `settings.JOB_KINDS` lists the modules. The
work runs in a process of its own, on a connection of its own, and may be killed at any moment and
begun again: what it does it must do once, however often it is begun. `Call.key` names the job for
that. Below this floor nobody knows what a job is: they get their own parameters and a `tick`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from money.access import Ability
from money.models import User

if TYPE_CHECKING:
    from periodic.forms import KindForm

Parameter = str | int | bool | None


class Cancelled(Exception):
    """Raised by a tick: the job was cancelled, ran out of time, or is another worker's by now."""


class WillNotHeal(Exception):
    """Raised by a kind's work where trying again would not help; the message is a sentence."""


class UnknownKind(LookupError):
    """No kind of that name is known to this version of Duka; the message is a sentence."""


class Tick(Protocol):
    """Says how far the work is. Cheap enough for every row. Raises Cancelled."""

    def __call__(self, done: int, total: int, sentence: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """What the work of a kind is called with.

    `by` is who asked, None where a schedule did. `folder` is there, is empty, and is its own: a
    file that people may download is written there. `key` is the job's, the same for every attempt.
    """

    key: str
    parameters: Mapping[str, Parameter]
    tick: Tick
    now: datetime
    by: User | None
    folder: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a sentence, and a file of `Call.folder` where there is one."""

    summary: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work.

    `ask`, `see` and `download` are the abilities needed for it in every business that the job
    concerns; a job that names none concerns all. `refusals` are exceptions of the work that will
    not heal, each with a sentence. `attempts` is how often it is begun at most, `seconds` how long
    one attempt may take.
    """

    name: str
    title: str
    work: Callable[[Call], Outcome]
    form: "type[KindForm] | None"
    ask: Ability
    see: Ability
    download: Ability
    refusals: tuple[type[Exception], ...] = field(default=())
    attempts: int = 5
    seconds: int = 1800


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known; the same name twice is a mistake of ours, but for the same module."""
    other = _KINDS.get(kind.name)
    assert other is None or other.work.__module__ == kind.work.__module__, kind.name
    _KINDS[kind.name] = kind
    return kind


def lookup(name: str) -> Kind:
    """Return the kind of that name. Raises UnknownKind."""
    load()
    if name not in _KINDS:
        raise UnknownKind(f"This version of Duka knows no work called {name!r}.")
    return _KINDS[name]


def all_kinds() -> list[Kind]:
    """Return every kind, by title."""
    load()
    return sorted(_KINDS.values(), key=lambda kind: kind.title)


def load() -> None:
    """Import the modules that register kinds; what is imported already costs nothing."""
    for module in settings.JOB_KINDS:
        import_module(module)
