"""What a job of the bench does, the same for Duka and for every contender.

Needs openpyxl and the standard library alone. Each job leaves lines in a file that all share:
asked, begun, ended, with its number and the moment.
"""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

ROWS, COLUMNS = 3_000, 10
SHORT_SECONDS, LONG_SECONDS = 0.3, 30.0


def do(what: str, number: int, path: str) -> None:
    """Do one job: tiny, short, report or long."""
    stamp(path, "begun", number)
    if what == "short":
        time.sleep(SHORT_SECONDS)
    elif what == "report":
        report(f"{path}.{number}.xlsx")
    elif what == "long":
        until = time.monotonic() + LONG_SECONDS
        while time.monotonic() < until:
            report(f"{path}.{number}.xlsx")
    stamp(path, "ended", number)


def stamp(path: str, what: str, number: int) -> None:
    """Note that a job was asked for, begun or ended just now; the line is whole or not there."""
    line = f"{what} {number} {time.time():.6f}\n".encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)


def report(path: str) -> None:
    """Write a workbook of so many rows, held in memory until it is saved."""
    from openpyxl import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 as advised to all

    book = Workbook()
    sheet = book.active
    for row in range(ROWS):
        sheet.append([f"Row {row}", *(row * column for column in range(1, COLUMNS))])
    book.save(path)
    Path(path).unlink()


def urgency_of(number: int) -> int:
    """Return how urgent a job is where many are asked for at once: of a person, ordinary, nightly.

    The numbers are those of Duka's `Urgency`, which the contenders' venvs do not know.
    """
    if number % 7 == 0:
        return 20
    return 0 if number % 5 == 0 else 10


@dataclass
class Stamps:
    """When the jobs of one file were asked for, first begun and first ended; seconds."""

    asked: dict[int, float] = field(default_factory=dict)
    begun: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> "Stamps":
        found = cls()
        columns = {"asked": found.asked, "begun": found.begun, "ended": found.ended}
        for line in path.read_text().splitlines() if path.exists() else ():
            what, number, at = line.split()
            columns[what].setdefault(int(number), float(at))
        return found

    @property
    def waits(self) -> list[float]:
        """Return the seconds from asked to begun, shortest first."""
        return sorted(self.begun[number] - self.asked[number] for number in self.begun)

    @property
    def rate(self) -> float:
        """Return jobs per second between the first and the last end."""
        ends = sorted(self.ended.values())
        return (len(ends) - 1) / (ends[-1] - ends[0])
