"""A Report as JSON for programs: amounts are whole cents, days are ISO, a row on each line."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from money.report import Cell, Figure, Report, Row
from periodic.paper.imprint import Imprint


def write(report: Report, path: Path, imprint: Imprint) -> None:
    """Write a report as one JSON object, row by row: its memory does not grow with the file.

    A cell is a text, null, {"day": "2026-11-22"} or {"cents": 125000}, the latter with what it is
    made of where that is known: {"codes": [...], "from": day or null, "to": day, "letters": ""}.
    """
    head = {
        "name": report.name,
        "title": report.title,
        "of": report.of,
        "period": report.period,
        "printed_at": imprint.printed_at.isoformat(),
        "heads": [
            {"business": one.slug, "entry": one.number, "hash": one.hash} for one in imprint.heads
        ],
        "columns": [
            {"title": column.title, "is_figures": column.is_figures} for column in report.columns
        ],
        "notes": report.notes,
        "warnings": report.warnings,
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{_text(head)[:-1]}, "rows": [')
        for number, row in enumerate(report.rows):
            file.write(f"{',' if number else ''}\n{_text(_row(row))}")
        file.write("\n]}\n")


def _text(value: dict[str, Any]) -> str:
    # Half a letter, which no file can hold, is escaped with the others.
    return json.dumps(value)


def _row(row: Row) -> dict[str, Any]:
    return {
        "style": row.style,
        "level": row.level,
        "entry_id": row.entry_id,
        "cells": [_cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> str | dict[str, Any] | None:
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    if not isinstance(cell, Figure):
        return cell
    if cell.where is None:
        return {"cents": cell.cents}
    where = cell.where
    return {
        "cents": cell.cents,
        "codes": where.codes,
        "from": where.from_on.isoformat() if where.from_on else None,
        "to": where.to_on.isoformat(),
        "letters": where.letters,
    }
