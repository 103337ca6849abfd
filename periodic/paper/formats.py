"""The kinds of files a Report can become. Their modules, and what they need, load when used."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from money.report import Report
from periodic.paper.imprint import Imprint
from periodic.paper.landing import landing

Tick = Callable[[int, int], None]


class TooLong(Exception):
    """The report has more rows than this kind of file can hold; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its name for people, its ending, its media type, and who writes it.

    `module` has `write(report, path, ...)`; what else that takes stands in `takes`.
    """

    title: str
    suffix: str
    content_type: str
    module: str
    takes: tuple[str, ...] = ()


FORMATS: dict[str, Format] = {
    "pdf": Format("PDF", ".pdf", "application/pdf", "periodic.paper.pdf", ("imprint", "tick")),
    "xlsx": Format(
        "Workbook",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "periodic.paper.workbook",
        ("tick",),
    ),
    "csv": Format("CSV", ".csv", "text/csv; charset=utf-8", "periodic.paper.csv"),
    "json": Format("JSON", ".json", "application/json", "periodic.paper.as_json", ("imprint",)),
}


def write(
    name: str,
    report: Report,
    path: Path,
    imprint: Imprint,
    tick: Tick = lambda done, total: None,
) -> None:
    """Write a report in the format `name`, whole or not at all.

    Raises TooLong, and OSError where the file cannot be written.
    """
    chosen = FORMATS[name]
    module: Any = import_module(chosen.module)
    told = {"imprint": imprint, "tick": tick}
    with landing(path) as part:
        module.write(report, part, **{key: told[key] for key in chosen.takes})
