"""From a press of the doorbell to tasks on the payments queue."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from huey_config import payments, work
from mpesa import doorbell
from periodic import ringer
from tests.periodic.heard import Ear


@pytest.fixture
def ear(db: None) -> Iterator[Ear]:
    with Ear(payments) as ear:
        yield ear


def test_ring_once_rings_for_what_came_and_for_what_is_to_be_asked(ear: Ear) -> None:
    doorbell.payments.press()

    assert ringer.ring_once(0) is True
    assert ear.enqueued == ["take_in", "ask_phones"]


def test_ring_once_says_that_nobody_pressed(ear: Ear) -> None:
    assert ringer.ring_once(0) is False
    assert ear.enqueued == []


def test_ring_once_rings_once_for_many_presses(ear: Ear) -> None:
    for _ in range(1000):
        doorbell.payments.press()

    assert [ringer.ring_once(0) for _ in range(2)] == [True, False]
    assert ear.enqueued == ["take_in", "ask_phones"]


def test_ring_once_logs_a_queue_that_fails(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    payments.immediate = False
    file, payments.storage.filename = payments.storage.filename, str(tmp_path / "gone" / "queue")
    payments.storage.close()
    doorbell.payments.press()

    try:
        with caplog.at_level(logging.ERROR, logger="periodic.ringer"):
            rang = ringer.ring_once(0)
    finally:
        payments.storage.filename = file
        payments.immediate = True

    assert rang is True
    assert [record.getMessage() for record in caplog.records] == [
        "the payments queue cannot be rung; the sweep will find what waits"
    ]
    assert doorbell.payments.wait(0) is False


def test_ring_statements_rings_the_work_queue_once_for_many_presses(db: None) -> None:
    with Ear(work) as ear:
        for _ in range(3):
            doorbell.statements.press()

        rang = [ringer.ring_statements(0) for _ in range(2)]

        assert (rang, ear.enqueued[0]) == ([True, False], "bring_in_statements")


def test_ring_statements_logs_a_queue_that_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work, "enqueue", lambda task: 1 // 0)
    doorbell.statements.press()

    assert ringer.ring_statements(0) is True
    assert "the work queue cannot be rung" in caplog.text
