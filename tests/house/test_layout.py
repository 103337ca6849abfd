"""The rules of the house that no linter knows."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps

HOUSE = Path(__file__).resolve().parents[2]
FLOORS = ("money", "mpesa", "shops", "periodic", "site/erp")
MONEY_FLOORS = ("money", "mpesa", "shops", "periodic")
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 50


def product_modules(*floors: str) -> Iterator[Path]:
    """Return the product's own Python files, migrations left out."""
    for floor in floors or FLOORS:
        for path in sorted((HOUSE / floor).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    if not floors:
        yield from (HOUSE / "huey_config.py", HOUSE / "manage.py")


def named(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    return [HOUSE / name for name in done.stdout.split("\0") if name and (HOUSE / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


# The floors


def test_the_queues_know_neither_django_nor_us(tmp_path: Path) -> None:
    script = (
        "import sys; import huey_config; print(sorted({name.partition('.')[0] for name in"
        " sys.modules} & {'django', 'erp', 'periodic', 'shops', 'mpesa', 'money', 'httpx'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=HOUSE,
        env={"SECRET_KEY": "k", "VAR": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_site_is_a_source_root_and_no_package() -> None:
    assert not (HOUSE / "site" / "__init__.py").exists()


def test_no_floor_has_a_room_for_everything() -> None:
    refused = {"utils", "helpers", "signals", "services", "managers", "common", "misc"}

    rooms = chain(product_modules(), (HOUSE / "tests").rglob("*.py"))

    assert [named(path) for path in rooms if path.stem in refused] == []


def test_modules_are_short() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in product_modules()}

    assert {n: length for n, length in lengths.items() if length > MOST_LINES_OF_A_MODULE} == {}


def test_functions_are_short() -> None:
    long = {
        f"{named(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in product_modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    }

    assert long == {}


def test_money_is_never_a_float_or_a_decimal_column() -> None:
    refused = {"float", "round", "DecimalField", "FloatField"}

    found = [
        f"{named(path)}:{node.lineno} {name}"
        for path in product_modules(*MONEY_FLOORS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "id", getattr(node.func, "attr", ""))]
        if name in refused
    ]

    assert found == []


def test_amounts_are_named_in_cents() -> None:
    """A BigIntegerField of a floor is cents, an id, or a count of thousandths."""
    names = {
        f"{model.__name__}.{field.name}"
        for floor in ("money", "mpesa", "shops")
        for model in apps.get_app_config(floor).get_models()
        for field in model._meta.local_fields
        if field.get_internal_type() == "BigIntegerField"
        and not field.name.endswith(("_cents", "_milli"))
    }

    assert names == {"Entry.id"}


def models_of_ours() -> list[type]:
    floors = ("money", "mpesa", "shops", "periodic")
    return [m for floor in floors for m in apps.get_app_config(floor).get_models()]


def test_no_model_has_an_order_of_its_own() -> None:
    assert [m.__name__ for m in models_of_ours() if m._meta.ordering] == []


def test_no_model_has_logic_in_save() -> None:
    assert [
        m.__name__ for m in models_of_ours() if {"save", "delete", "clean"} & set(vars(m))
    ] == []


def test_every_constraint_is_named_in_a_test() -> None:
    tests = "".join(path.read_text() for path in (HOUSE / "tests").rglob("test_*.py"))
    names = {c.name for model in models_of_ours() for c in model._meta.constraints}

    assert names - set(re.findall(r"\w+", tests)) == set()
    assert len(names) > 40


def test_constraints_and_indexes_begin_with_their_model() -> None:
    names = {
        constraint.name: model.__name__.lower()
        for model in models_of_ours()
        for constraint in model._meta.constraints
    }
    short = {"inboundmessage": "inbound", "paymentrequest": "request"}

    assert {n for n, model in names.items() if not n.startswith(short.get(model, model))} == set()


def test_no_table_of_unique_together() -> None:
    assert [m.__name__ for m in models_of_ours() if m._meta.unique_together] == []


def test_every_migration_is_named_by_hand() -> None:
    files = [p for floor in FLOORS for p in (HOUSE / floor).glob("migrations/0*.py")]
    by_machine = re.compile(r"\d{4}_(initial|auto_|alter_|remove_|rename_|add_|delete_|create_)")

    assert [named(path) for path in files if by_machine.match(path.stem)] == []
    assert len(files) >= 3


def test_migrations_import_none_of_our_code() -> None:
    ours = {"money", "mpesa", "shops", "periodic", "erp"}
    found = [
        f"{named(path)}: {module}"
        for floor in FLOORS
        for path in (HOUSE / floor).glob("migrations/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if module.partition(".")[0] in ours
    ]

    assert found == []


def test_tests_mirror_the_floors() -> None:
    here = {path.name for path in (HOUSE / "tests").iterdir() if path.is_dir()}

    assert {"erp", "periodic", "shops", "mpesa", "money", "house", "journeys"} - here == set()


# What is written where


def test_templates_and_assets_load_nothing_from_elsewhere() -> None:
    files = [
        path
        for path in (HOUSE / "site").rglob("*")
        if path.suffix in {".html", ".css", ".js", ".svg"} and "vendor" not in path.parts
    ]
    # An SVG's namespace is a name and is never loaded.
    elsewhere = re.compile(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9-]+\.[a-z]{2,}")

    assert {
        named(p): elsewhere.findall(p.read_text()) for p in files if elsewhere.search(p.read_text())
    } == {}
    assert len(files) > 20


def test_nothing_names_a_package_registry_or_a_place_on_one_machine() -> None:
    registries = ("pypi" + ".org", "python" + "hosted", "npm" + "js", "unpkg", "js" + "delivr")
    mirrors = ("deb.debian" + ".org", "archive.ubuntu" + ".com", "crates" + ".io")
    hosts = re.compile("|".join(map(re.escape, registries + mirrors)))
    places = re.compile(r"(?<![\w.$}/-])/(?:root|work|home)/[\w.]")

    found = {
        named(path): sorted({*hosts.findall(text), *places.findall(text)})
        for path in tracked_files()
        if path != Path(__file__).resolve()
        for text in [text_of(path)]
        if hosts.search(text) or places.search(text)
    }

    assert found == {}


def test_nothing_secret_or_made_at_run_time_is_tracked() -> None:
    refused = re.compile(r"(^|/)(var|\.venv|__pycache__)/|\.(sqlite3|pyc|log|pem|key)$|(^|/)\.env$")

    assert [named(p) for p in tracked_files() if refused.search(named(p))] == []


@pytest.mark.parametrize("name", ["base", "prod", "dev"])
def test_every_requirement_has_its_reason(name: str) -> None:
    lines = (HOUSE / "requirements" / f"{name}.in").read_text().splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith(("#", "-r "))]

    assert [line for line in wanted if not re.search(r"\s# \S+ \S+", line)] == []
    assert wanted != []


@pytest.mark.parametrize("name", ["base", "prod", "dev"])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = (HOUSE / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]

    assert [line for line in pins if not re.match(r"[\w.\[\]-]+==[\w.!+]+(\s|$)", line)] == []
    assert len(pins) >= 10


# What was promised, and the test that shows it

REQUIREMENTS = HOUSE / "docs" / "requirements.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?(?:\[[^`]*\])?`")
_TARGET = re.compile(r"`make ([\w-]+)`")


def promises() -> list[str]:
    """Return the last cell of every row of every table in docs/requirements.md."""
    rows = [line.strip() for line in REQUIREMENTS.read_text().splitlines() if line.startswith("|")]
    ruler = re.compile(r"\|[\s:|-]+\|$")
    heads = {number - 1 for number, row in enumerate(rows) if ruler.match(row)}
    return [
        re.split(r"(?<!\\)\|", row.strip("|"))[-1].strip()
        for number, row in enumerate(rows)
        if number not in heads and not ruler.match(row)
    ]


@cache
def functions_of(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def missing_in(cell: str) -> list[str]:
    """Return what a cell names and is not there; the cell itself where it names nothing."""
    tests, targets = _TEST.findall(cell), _TARGET.findall(cell)
    makefile = (HOUSE / "Makefile").read_text()
    gone = [
        f"{name}::{function}"
        for name, function in tests
        if not (HOUSE / name).is_file() or function not in functions_of(HOUSE / name)
    ]
    gone += [f"make {t}" for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)]
    return gone or ([] if tests or targets else [cell or "an empty cell"])


def test_every_requirement_names_a_test_that_exists() -> None:
    cells = promises()

    assert [gone for cell in cells for gone in missing_in(cell)] == []
    assert len(cells) > 10


@pytest.mark.parametrize(
    ("cell", "missing"),
    [
        ("`tests/house/test_layout.py::test_modules_are_short`", []),
        ("`make test`, `tests/house/test_layout.py::test_functions_are_short`", []),
        (
            "`tests/house/test_layout.py::test_no_such`",
            ["tests/house/test_layout.py::test_no_such"],
        ),
        ("`tests/house/test_gone.py::test_x`", ["tests/house/test_gone.py::test_x"]),
        ("`tests/house/test_layout.py`", ["tests/house/test_layout.py::"]),
        ("`make gold`", ["make gold"]),
        ("by hand", ["by hand"]),
        ("", ["an empty cell"]),
    ],
)
def test_a_row_without_its_test_is_found(cell: str, missing: list[str]) -> None:
    assert missing_in(cell) == missing
