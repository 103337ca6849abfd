"""The kinds of jobs that the product ships, called as a child calls them, and the child's words."""

import socket
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.utils import timezone

from money.access import Ability
from money.models import Book, Business
from periodic import kinds
from periodic.actions.jobs import ask_for
from periodic.forms.statements import STATEMENTS, StatementForm
from periodic.kinds import Call, Cancelled, UnknownKind, WillNotHeal, all_kinds, lookup
from periodic.models import Job, JobState
from periodic.workshop import wire
from periodic.workshop.child import Tick, work_on
from tests import make

pytestmark = pytest.mark.django_db


def call(folder: Path, parameters: dict[str, Any], ticks: list[tuple[int, int]]) -> Call:
    def tick(done: int, total: int, sentence: str = "") -> None:
        ticks.append((done, total))

    return Call("job:1", parameters, tick, timezone.now(), None, folder)


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
@pytest.mark.parametrize("name", list(STATEMENTS))
def test_each_statement_becomes_a_file(
    duka: Business, tmp_path: Path, name: str, suffix: str
) -> None:
    make.an_entry(duka)
    user = make.amina()
    day = make.TODAY.isoformat()
    data = {"statement": name, "format": suffix, "from": day, "to": day, "code": "1000"}
    form = StatementForm(data, user=user)
    assert form.is_valid(), form.errors
    ticks: list[tuple[int, int]] = []

    outcome = lookup("statement").work(call(tmp_path, dict(form.parameters()), ticks))

    assert outcome.file is not None
    assert outcome.file.suffix == f".{suffix}"
    assert outcome.file.stat().st_size > 100
    assert ticks[-1][0] == ticks[-1][1] > 0
    if suffix == "xlsx":
        titles = [cell.value for cell in openpyxl.load_workbook(outcome.file).active["A"][:1]]
        assert titles[0]


def test_a_long_ledger_is_one_report_without_carried_balances(
    duka: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        make.an_entry(duka, key=f"e{number}")
    told = {
        "statement": "general-ledger",
        "format": "csv",
        "businesses": "duka",
        "from": "2026-11-01",
        "to": "2026-11-30",
        "beside": False,
        "code": "",
        "is_everything": True,
    }
    (tmp_path / "a").mkdir()
    whole = lookup("statement").work(call(tmp_path / "a", told, [])).file
    monkeypatch.setattr("periodic.kinds.statements.LINES_PER_PAGE", 2)
    pieces = lookup("statement").work(call(tmp_path, told, [])).file

    assert whole
    assert pieces
    assert whole.read_text() == pieces.read_text()
    assert len(pieces.read_text().splitlines()) > 14


def test_a_business_that_went_does_not_heal(duka: Business, tmp_path: Path) -> None:
    with pytest.raises(WillNotHeal):
        lookup("statement").work(call(tmp_path, {"businesses": "gone", "from": "2026-01-01"}, []))


def test_the_books_are_verified_with_their_findings(duka: Business, tmp_path: Path) -> None:
    make.an_entry(duka)
    verify = lookup("verify_books").work

    assert verify(call(tmp_path, {}, [])).summary == "ok: 1 entries, 2 lines."
    Book.objects.update(last_number=9)
    with pytest.raises(WillNotHeal, match="duka"):
        verify(call(tmp_path, {}, []))


def test_an_unknown_kind_says_so_in_a_sentence() -> None:
    with pytest.raises(UnknownKind) as refusal:
        lookup("novel")

    assert str(refusal.value) == "This version of Duka knows no work called 'novel'."
    assert {"statement", "verify_books"} <= {kind.name for kind in all_kinds()}


def said_of(kind: str, parameters: dict[str, Any], attempt: int = 1) -> list[list[Any]]:
    """Run an attempt here, and return what its process would tell."""
    job = ask_for(kind=kind, parameters=parameters, now=timezone.now())
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempts=1)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            work_on(job.pk, attempt, Tick(theirs))
        ear = wire.Ear(ours)
        said: list[list[Any]] = []
        while not ear.is_over:
            said += ear.hear(1)
    return said


@pytest.fixture
def a_kind(settings, tmp_path: Path):
    """Register a kind for a test, and forget it."""
    settings.RESULTS_DIR = tmp_path

    def make_kind(work, **options: Any) -> None:
        abilities: Any = dict.fromkeys(("ask", "see", "download"), Ability.MANAGE)
        kinds.register(kinds.Kind("of-test", "Of a test", work, None, **abilities, **options))

    yield make_kind
    kinds._KINDS.pop("of-test", None)


@pytest.fixture(autouse=True)
def _connection_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("periodic.workshop.child.connections.close_all", lambda: None)


def test_a_child_tells_progress_and_outcome(a_kind) -> None:
    def work(call: Call) -> kinds.Outcome:
        call.tick(1, 2, "Half")
        call.tick(2, 2)
        return kinds.Outcome("Good.", call.folder / "a.csv")

    a_kind(work)
    *ticks, (verb, summary, file) = said_of("of-test", {})

    assert ticks == [["tick", 1, 2, "Half"], ["tick", 2, 2, ""]]
    assert (verb, summary) == ("done", "Good.")
    assert file.endswith("/a.csv")


def fails_with(error: Exception):
    def work(call: Call) -> kinds.Outcome:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "verb", "sentence"),
    [
        (WillNotHeal("Never."), "failed", "Never."),
        (KeyError("code"), "failed", "'code'"),
        (OSError("Full."), "stumbled", "It could not be finished (OSError: Full.)."),
        (ValueError(), "stumbled", "It could not be finished (ValueError)."),
        (Cancelled("Stop."), "cancelled", None),
    ],
    ids=["will not heal", "a refusal of the kind", "may heal", "wordless", "cancelled"],
)
def test_a_child_tells_what_went_wrong(a_kind, error, verb: str, sentence: str | None) -> None:
    a_kind(fails_with(error), refusals=(KeyError,))

    ((told, *rest),) = said_of("of-test", {})

    assert told == verb
    assert rest[:1] == ([sentence] if sentence else [])
    assert "raise error" in "".join(rest[1:]) or verb == "cancelled"


def test_a_child_of_an_attempt_that_is_over_does_nothing(a_kind) -> None:
    a_kind(fails_with(AssertionError("It began.")))

    assert said_of("of-test", {}, attempt=2) == []


def test_a_child_fails_what_it_does_not_know() -> None:
    assert said_of("novel", {})[0][:2] == [
        "failed",
        "This version of Duka knows no work called 'novel'.",
    ]


def test_a_tick_stops_the_work_when_told_or_when_nobody_listens() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        tick = Tick(theirs)
        ours.close()
        with pytest.raises(Cancelled):
            tick(1, 2)
        tick.is_stopped = True
        with pytest.raises(Cancelled):
            tick(1, 2)


def test_vat_takes_the_whole_month_and_all_businesses_of_the_person(duka: Business) -> None:
    make.a_business(slug="maji")
    data = {"statement": "vat-return", "format": "csv", "b": ["duka"], "to": "2026-11-22"}
    one, both = make.a_user("one", duka="owner"), make.a_user("both", duka="owner", maji="owner")

    refused, taken = StatementForm(data, user=one), StatementForm(data, user=both)

    assert not refused.is_valid()
    assert taken.is_valid()
    assert taken.period is not None
    assert (taken.period.from_on, taken.parameters()["businesses"]) == (
        date(2026, 11, 1),
        "duka,maji",
    )
