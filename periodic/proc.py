"""What Linux says of memory, read from /proc; None where it is not there, as on a Mac."""

from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class ProcessMemory(NamedTuple):
    """Of one process, in kB: its fair share of what is shared (PSS), and all it touches (RSS)."""

    pss_kb: int
    rss_kb: int


class MachineMemory(NamedTuple):
    """Of the whole machine, in kB; available is what programs could still get."""

    total_kb: int
    available_kb: int

    @property
    def used_percent(self) -> int:
        """How much is taken, in whole percent."""
        return 100 - 100 * self.available_kb // self.total_kb


def memory_of_this_process(proc: Path = PROC) -> ProcessMemory | None:
    """Return the memory of the process that asks."""
    found = _kilobytes(proc / "self" / "smaps_rollup")
    if {"Pss", "Rss"} <= found.keys():
        return ProcessMemory(found["Pss"], found["Rss"])
    return None


def memory_of_the_machine(proc: Path = PROC) -> MachineMemory | None:
    """Return the memory of the machine."""
    found = _kilobytes(proc / "meminfo")
    if {"MemTotal", "MemAvailable"} <= found.keys() and found["MemTotal"]:
        return MachineMemory(found["MemTotal"], found["MemAvailable"])
    return None


def _kilobytes(path: Path) -> dict[str, int]:
    """Return the lines `Name:  123 kB` of a file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {
        parts[0].rstrip(":"): int(parts[1])
        for parts in words
        if len(parts) == 3 and parts[2] == "kB" and parts[1].isdigit()  # noqa: PLR2004 name, number, unit
    }
