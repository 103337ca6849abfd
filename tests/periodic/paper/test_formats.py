"""A report as any kind of file: whole or not at all, and what programs read of it."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from money.report import Figure, Row, Style, Where
from periodic.paper import as_json
from periodic.paper.formats import FORMATS, TooLong, write
from periodic.paper.pdf import MOST_ROWS
from tests.periodic.paper.reading import HEAD, IMPRINT, PRINTED_AT, a_statement

DAY = PRINTED_AT.date()


@pytest.mark.parametrize(
    "name", [name for name, one in FORMATS.items() if find_spec(one.module) is not None]
)
def test_each_format_writes_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"report{FORMATS[name].suffix}"

    write(name, a_statement([Row(("Cash", Figure(1)))]), path, IMPRINT)

    assert path.stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path]


def test_json_has_whole_cents_days_and_what_figures_are_made_of(tmp_path: Path) -> None:
    where = Where(("1000",), None, DAY, "B")
    rows = [
        Row(("Cash", Figure(1_250_50, where)), Style.TOTAL, 1, 7),
        Row((DAY, None)),
        Row(("\ud800\u202e", Figure(-1))),
    ]

    as_json.write(a_statement(rows), tmp_path / "one.json", IMPRINT)

    told = json.loads((tmp_path / "one.json").read_text())
    made_of = {"codes": ["1000"], "from": None, "to": "2026-11-22", "letters": "B"}
    assert told["rows"] == [
        {
            "style": "total",
            "level": 1,
            "entry_id": 7,
            "cells": ["Cash", {"cents": 125_050} | made_of],
        },
        {
            "style": "plain",
            "level": 0,
            "entry_id": None,
            "cells": [{"day": "2026-11-22"}, None],
        },
        {
            "style": "plain",
            "level": 0,
            "entry_id": None,
            "cells": ["\ud800\u202e", {"cents": -1}],
        },
    ]
    assert told["heads"] == [{"business": "duka", "entry": 42, "hash": HEAD.hash}]
    assert told["printed_at"] == "2026-11-22T09:00:00+00:00"
    assert told["columns"][1] == {"title": "Column 0", "is_figures": True}


def test_what_fails_half_way_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "one.pdf"
    path.write_text("before")

    with pytest.raises(TooLong):
        write("pdf", a_statement([Row(("Cash",))] * (MOST_ROWS + 1)), path, IMPRINT)

    assert [one.read_text() for one in tmp_path.iterdir()] == ["before"]
