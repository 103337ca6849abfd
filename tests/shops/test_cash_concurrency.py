"""Several processes at one drawer, on a database of their own: nothing is lost between two Zs."""

import os
import random
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.money.conftest import Scratch, a_scratch

PROGRAM = Path(__file__).with_name("counters.py").read_text()


class Counters:
    """Processes that work at the drawers of one scratch database."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self.scratch, self.folder = scratch, folder

    def alone(self, *words: object) -> list[str]:
        return self.scratch.run("code", PROGRAM, *words)

    def together(self, *jobs: tuple[object, ...]) -> list[list[str]]:
        barrier = self.folder / uuid.uuid4().hex
        return self.scratch.run_together(
            *[("code", PROGRAM, verb, barrier, len(jobs), *words) for verb, *words in jobs]
        )


@pytest.fixture(scope="module")
def counters(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Counters]:
    folder = tmp_path_factory.mktemp("counters")
    with a_scratch(folder, f"duka_counters_{os.getpid()}") as scratch:
        yield Counters(scratch, folder)


def test_sales_while_the_drawer_is_closed_are_neither_lost_nor_late(counters: Counters) -> None:
    counters.alone("prepare", "duka")

    *said, _ = counters.together(
        *[("sell", "duka", 8)] * 4, *[("spend", "duka", 8)] * 2, ("close", "duka", 3)
    )

    *ties, sales, moves, sessions = counters.alone("look", "duka")
    done = [int(words[0]) for words in said]
    assert ties == ["True"] * 5
    assert (int(sales), int(moves), sessions) == (sum(done[:4]), sum(done[4:]), "4")
    assert sum(done[:4]) > 8


@pytest.mark.long
def test_sales_while_the_clock_closes_are_neither_lost_nor_late(counters: Counters) -> None:
    counters.alone("prepare", "laundry")

    one, two, *closed = counters.together(
        *[("sell", "laundry", 20)] * 2, *[("forget", "laundry", 4)] * 2
    )

    *ties, sales, _, _ = counters.alone("look", "laundry")
    assert ties == ["True"] * 5
    assert int(sales) == int(one[0]) + int(two[0])
    assert sorted(words[0] for words in closed) == ["0", "1"]


def test_two_tablets_open_one_session(counters: Counters) -> None:
    counters.alone("prepare", "first")
    counters.together(("forget", "first", 1))

    said = counters.together(*[("open_here", "first")] * 4)

    assert sorted(words[0] == "open-already" for words in said) == [False, True, True, True]
    *ties, _, _, sessions = counters.alone("look", "first")
    assert (ties, sessions) == (["True"] * 5, "2")


@pytest.mark.long
def test_a_double_click_moves_cash_once(counters: Counters) -> None:
    counters.alone("prepare", "second")

    said = counters.together(*[("move_once", "second", "one-key-of-a-form")] * 4)

    assert len({words[0] for words in said}) == 1
    *ties, _, moves, _ = counters.alone("look", "second")
    assert (ties, moves) == (["True"] * 5, "1")


@pytest.mark.long
def test_the_clock_goes_on_where_it_was_killed(counters: Counters) -> None:
    slugs = ("moment", "slip", "killed", "here", "there", "paper", "closing")
    counters.alone("open_many", *slugs)
    chance = random.Random(2026)

    ends = []
    for _ in range(3):
        process = counters.scratch.start("code", PROGRAM, "forget_slowly")
        assert process.stdout is not None
        assert process.stdout.readline() == "closing\n"
        time.sleep(chance.uniform(0, 0.06))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        ends.append(process.returncode)
    counters.alone("forget_slowly")
    *closed, ties = counters.alone("zs", *slugs)

    assert -signal.SIGKILL in ends
    assert (closed, ties) == ([f"{slug}:1" for slug in slugs], "True")
