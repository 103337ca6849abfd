"""Real processes bring statements in: one is killed half way, two run at once."""

import signal
import subprocess
import sys

import pytest

from tests.journeys.house import ROOT, House
from tests.mpesa.statements.books import PAY
from tests.mpesa.statements.makers import as_csv, new, new_row

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("statements")]

NAME = "Statements for {} from 2026-01-20 to 2026-01-22.csv"
ROWS = 240
SETUP = """
from tests.make import a_business, a_till
duka = a_business()
for number in ("600991", "600992"):
    a_till(duka, number=number, shortcode=number)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house without web or workers: a database, and commands."""
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.make_database()
        house.run_code(SETUP)
        yield house
    finally:
        house.close()


def rows_of(letter, first=0, last=ROWS):
    """Return payments of one shilling, each with a charge of ten cents, newest first."""
    rows = []
    for n in range(first, last):
        receipt = f"UAL5{letter}{n:05}"
        time = f"{20 + n // 600}/01/2026 {8 + n // 60 % 10:02}:{n % 60:02}:00"
        rows.append(new_row(PAY, "1.00", receipt=receipt, time=time))
        rows.append(new_row("Pay Bill Charge", "0.00", "-0.10", receipt=receipt, time=time))
    return rows[::-1]


def start(house, folder, till, rows):
    folder.mkdir()
    file = folder / NAME.format(till)
    file.write_bytes(as_csv(new(*rows)))
    return subprocess.Popen(
        [sys.executable, "manage.py", "load_statement", str(file), "--till", till],
        cwd=ROOT,
        env=house.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def figures(house, letter):
    """Return rows and payments of these receipts, and posted charges."""
    like = f"'UAL5{letter}%'"
    places = (
        f"mpesa_statementrow WHERE receipt LIKE {like}",
        f"mpesa_payment WHERE receipt LIKE {like}",
        f"money_entry WHERE \"key\" LIKE 'statement:%' AND source LIKE {like}",
    )
    return tuple(house.value(f"SELECT count(*) FROM {place}") for place in places)


def test_a_killed_import_goes_on_and_posts_each_row_once(house, tmp_path):
    process = start(house, tmp_path / "first", "600991", rows_of("A"))
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("200 of "):
            process.send_signal(signal.SIGKILL)
            break
    end = process.wait(timeout=30)
    process.stdout.close()
    half = figures(house, "A")

    again = start(house, tmp_path / "again", "600991", rows_of("A"))
    said, _ = again.communicate(timeout=120)

    assert end == -signal.SIGKILL
    assert 200 <= half[0] < 2 * ROWS
    assert (again.returncode, "Brought in." in said) == (0, True), said
    assert figures(house, "A") == (2 * ROWS, ROWS, ROWS)
    house.check_books()


def test_two_imports_at_once_post_each_row_once(house, tmp_path):
    before = house.balance("duka", "6500")
    processes = [
        start(house, tmp_path / "one", "600992", rows_of("B", 0, 200)),
        start(house, tmp_path / "two", "600992", rows_of("B", 60, ROWS)),
        start(house, tmp_path / "all", "600992", rows_of("B")),
    ]
    said = [process.communicate(timeout=180)[0] for process in processes]

    # One of them may look at the days while another still brings rows in.
    assert ["Brought in." in words for words in said] == [True] * 3, said
    assert figures(house, "B") == (2 * ROWS, ROWS, ROWS)
    assert house.balance("duka", "6500") - before == 10 * ROWS
    house.check_books()
