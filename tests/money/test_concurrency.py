"""Several processes and threads at one book, on a database of their own."""

import random
import signal
import time
from itertools import chain

from django.db import connection

from tests.money.conftest import Scratch


def test_posting_from_four_threads_and_two_processes_leaves_no_gap(scratch: Scratch) -> None:
    numbers = scratch.run_together(("many", "duka", "a", 13), ("many", "duka", "b", 12))

    assert sorted(map(int, chain(*numbers))) == list(range(1, 101))
    assert scratch.run("verify", "duka") == ["True", "100"]


def test_same_key_from_four_processes_makes_one_entry(scratch: Scratch) -> None:
    outcomes = scratch.run_together(*[("once", "laundry", "the-key")] * 4)

    assert len({entry_id for entry_id, _ in outcomes}) == 1
    assert sorted(is_new for _, is_new in outcomes) == ["False", "False", "False", "True"]
    assert scratch.run("verify", "laundry") == ["True", "1"]


def test_killed_processes_leave_books_that_verify(scratch: Scratch) -> None:
    chance = random.Random(2026)
    processes = [scratch.start("forever", "killed", f"killed:{turn}") for turn in range(5)]

    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "posting\n"
    for process in processes:
        time.sleep(chance.uniform(0.02, 0.2))
        process.send_signal(signal.SIGKILL)
    ends = [process.wait(timeout=30) for process in processes]
    for process in processes:
        process.communicate()
    is_ok, count = scratch.run("verify", "killed")

    assert ends == [-signal.SIGKILL] * 5
    assert is_ok == "True"
    assert int(count) >= 5


def test_line_cannot_slip_under_an_entry_of_another_session(scratch: Scratch) -> None:
    waits, lines, *refusal = scratch.run("slip")

    assert (waits, lines) == ("True", "2")
    assert " ".join(refusal) == "money: the entry is posted, no line can be added"


def test_key_that_another_book_takes_at_the_same_time_is_taken(scratch: Scratch) -> None:
    waits, entries, *refusal = scratch.run("rival")

    assert (waits, entries) == ("True", "1")
    # SQLite has one writer, who sees the entry; PostgreSQL's index tells at the very end.
    said = {
        "sqlite": "rival:1 is entry 1 already, with another content.",
        "postgresql": "rival:1: the key was taken in another book just now.",
    }
    assert " ".join(refusal) == said[connection.vendor]
    assert scratch.run("verify", "second") == ["True", "0"]
