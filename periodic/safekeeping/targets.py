"""Where a restored shop goes: a file or a server's database, with the folder of its other files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from periodic.safekeeping import postgresql, sqlite


class Scratch(Protocol):
    """A copy of the shop beside the shop, where nobody can meet it."""

    def fill(self, database: Path) -> None:
        """Restore what came out of a backup; the file is used up."""

    def environment(self) -> dict[str, str]:
        """Return what tells a process of ours to work on the copy and nowhere else."""

    def swap_in(self, stamp: str) -> str:
        """Put the copy in the shop's place in one step; return the old one's new name, or ""."""

    def drop(self) -> None:
        """Remove the copy, where it has not become the shop."""


class Target(Protocol):
    """A place for a shop."""

    @property
    def vendor(self) -> str:
        """Return sqlite or postgresql."""

    @property
    def var(self) -> Path:
        """Return the folder of the files that belong to the shop."""

    @property
    def place(self) -> str:
        """Return what tells its database from any other."""

    def state(self) -> str:
        """Return "empty" or "living"."""

    def scratch(self, folder: Path, purpose: str) -> Scratch:
        """Make an empty copy beside it."""


@dataclass(frozen=True, slots=True)
class FileTarget:
    path: Path
    var: Path
    vendor: str = "sqlite"

    def __str__(self) -> str:
        return f"the file {self.path}"

    @property
    def place(self) -> str:
        return str(self.path)

    def state(self) -> str:
        return sqlite.state_of(self.path)

    def scratch(self, folder: Path, purpose: str) -> Scratch:
        return sqlite.FileScratch(folder, self.path)


@dataclass(frozen=True, slots=True)
class ServerTarget:
    server: postgresql.Server
    var: Path
    vendor: str = "postgresql"

    def __str__(self) -> str:
        where = self.server.host or "this machine"
        return f"the database {self.server.database} on {where}"

    @property
    def place(self) -> str:
        return f"{self.server.host}:{self.server.port or 5432}/{self.server.database}"

    def state(self) -> str:
        return postgresql.state_of(self.server)

    def scratch(self, folder: Path, purpose: str) -> Scratch:
        return postgresql.ServerScratch(folder, self.server, purpose)
