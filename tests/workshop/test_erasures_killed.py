"""A job that erases people, killed again and again in real processes: nobody half, nobody left."""

import contextlib
import json
import random
import signal
import time
from functools import partial

import psutil
import pytest

from tests.journeys.house import House, wait_until
from tests.workshop.erasing import NEIGHBOUR, PEOPLE, PHONES

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("erasures")]

SHELL = "from tests.workshop import erasing; erasing."
# So many are erased when the next process is killed: of the job alone, or its worker with it.
KILLS = [(4, "job"), (10, "worker"), (16, "job"), (22, "worker"), (30, "job")]
ENDED = "SELECT count(*) FROM mpesa_erasureitem WHERE state <> 'waiting'"
HELD = {
    "mpesa_paymentrequest",
    "mpesa_inboundmessage",
    "mpesa_stray",
    "shops_customer",
}


@pytest.fixture
def house(tmp_path):
    """A house of a database and one worker of jobs, in which people wait to be erased."""
    house = House(
        tmp_path,
        JOB_HEARTBEAT_SECONDS="1",
        JOB_SILENT_SECONDS="5",
        JOB_LOOK_SECONDS="1",
        JOB_RETRY_SECONDS="1",
        JOB_RETRY_MOST_SECONDS="1",
    )
    try:
        house.make_database()
        shell(house, "fill()")
        house.start("work")
        yield house
    finally:
        with contextlib.suppress(OSError):
            print(house.log("work")[-3000:])
        house.close()


def shell(house: House, call: str) -> str:
    lines = house.run_code(SHELL + call).splitlines()
    return lines[-1] if lines else ""


def traces(house: House) -> dict[str, set[str]]:
    """Return the tables that hold each phone."""
    found = json.loads(shell(house, "trace()"))
    return {phone: set(tables) for phone, tables in found.items()}


def process_of_job(house: House) -> psutil.Process | None:
    """Return the process that a nursery of the worker forked for the job."""
    with contextlib.suppress(psutil.NoSuchProcess):
        worker = psutil.Process(house.running["work"].pid)
        for nursery in worker.children():
            for child in nursery.children():
                return child
    return None


def kill(house: House, which: str, chance: random.Random) -> None:
    """Kill at any moment of an erasure: the worker takes its children along."""
    child = wait_until("a process of the job", lambda: process_of_job(house))
    time.sleep(chance.uniform(0, 0.1))
    if which == "worker":
        house.kill("work")
        house.start("work")
    else:
        child.send_signal(signal.SIGKILL)


def job(house: House) -> tuple[str, int, str]:
    ((state, attempts, error),) = house.rows("SELECT state, attempts, error FROM periodic_job")
    return state, attempts, error


def killed_until_it_gives_up(house: House) -> None:
    """Kill at each of KILLS; whatever died, the job is begun again, as often as it may be."""
    chance = random.Random(20261122)
    for attempt, (least, which) in enumerate(KILLS, start=1):
        wait_until(f"{least} erased", partial(is_ended, house, least), 60)
        assert job(house)[:2] == ("running", attempt)
        kill(house, which, chance)
        wait_until("notice of it", partial(is_noticed, house, attempt), 60)


def is_ended(house: House, least: int) -> bool:
    return bool(house.value(ENDED) >= least)


def is_noticed(house: House, attempt: int) -> bool:
    return job(house)[:2] != ("running", attempt)


def test_each_phone_is_erased_once_though_its_job_is_killed_until_it_gives_up(
    house: House,
) -> None:
    heads = house.rows("SELECT last_number, head_hash FROM money_book")
    assert traces(house) == dict.fromkeys([*PHONES, NEIGHBOUR], HELD)
    page = shell(house, "ask()")

    killed_until_it_gives_up(house)

    # A person is told. Who is not erased yet is wholly there, who is erased wholly gone.
    wait_until("the end of the attempts", lambda: job(house)[0] == "failed", 60)
    assert job(house)[1] == len(KILLS)
    ended = house.value(ENDED)
    assert KILLS[-1][0] <= ended < PEOPLE
    held = {phone: tables for phone, tables in traces(house).items() if tables}
    assert held.pop(NEIGHBOUR) == HELD
    assert list(held.values()) == [HELD | {"mpesa_erasureitem"}] * (PEOPLE - ended)

    shell(house, f"tap('{page}retry')")
    wait_until("the end of the job", lambda: job(house)[0] == "done", 60)

    assert job(house) == ("done", len(KILLS) + 1, "")
    summary = house.value("SELECT summary FROM periodic_job")
    assert summary == f"{PEOPLE} of {PEOPLE} erased, 0 unknown."
    check_that_the_neighbour_alone_is_known(house)
    assert house.rows("SELECT last_number, head_hash FROM money_book") == heads
    assert house.manage("verify_books").startswith("ok: ")
    house.check_books()


def check_that_the_neighbour_alone_is_known(house: House) -> None:
    """Each of the others left one trace of what went: no erasure was done by halves, or twice."""
    assert {phone: tables for phone, tables in traces(house).items() if tables} == {NEIGHBOUR: HELD}
    items = house.rows("SELECT state, phone, count(*) FROM mpesa_erasureitem GROUP BY 1, 2")
    assert items == [("erased", "", PEOPLE)]
    took = house.rows("SELECT requests, messages, strays, payers FROM mpesa_erasure")
    assert took == [(1, 2, 1, 1)] * PEOPLE
    # A payer goes by a keyed hash of the phone.
    assert house.value("SELECT count(*) FROM mpesa_payer WHERE key <> ''") == 1
    assert not [phone for phone in PHONES if phone[3:] in house.log("work")]
