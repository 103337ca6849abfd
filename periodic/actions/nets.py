"""The nets that the clock casts over every till: Safaricom's pull, and the chain of balances."""

import logging
from collections.abc import Callable
from datetime import datetime

from mpesa.actions.nets import close_gap, find_gaps, pull_recent
from mpesa.models import PullRun, PullVerdict, Till

log = logging.getLogger(__name__)

Tick = Callable[[int, int], None]


class TillsFailed(Exception):
    """The nets of some tills could not be cast for a fault of ours; the message names the tills."""


def pull_tills(*, hours: int, now: datetime, tick: Tick) -> str:
    """Ask Safaricom's pull what it knows of each till's last `hours`; return a sentence.

    A till that Safaricom does not answer for, or does not serve with the pull, is told in the
    sentence and is no failure: the next run asks again, and covers the same hours. Raises
    TillsFailed after the last till.
    """
    runs: list[PullRun] = []
    tills = _cast(lambda till: runs.append(pull_recent(till=till, hours=hours, now=now)), tick)
    told = [f"Tills: {tills}. New to us: {sum(run.new for run in runs)}."]
    for run in runs:
        if run.verdict == PullVerdict.FAILED:
            told.append(f"{run.till.number} had no answer: {run.note}")
        elif run.verdict == PullVerdict.BLIND:
            told.append(f"{run.till.number} was told of nothing, though we know of payments.")
    return " ".join(told)


def watch_balances(*, now: datetime, tick: Tick) -> str:
    """Look for money that a till's balance shows and no message told of, and pull its time.

    Returns a sentence. Raises TillsFailed after the last till.
    """
    runs: list[PullRun] = []

    def watch(till: Till) -> None:
        runs.extend(close_gap(gap, now=now) for gap in find_gaps(till=till, now=now))

    tills = _cast(watch, tick)
    told = f"Tills: {tills}. Jumps that no payment explains: {len(runs)}."
    return f"{told} New to us by the pull: {sum(run.new for run in runs)}." if runs else told


def _cast(act: Callable[[Till], None], tick: Tick) -> int:
    """Do `act` for each till and return how many there are; one that fails holds up no other."""
    tills = list(Till.objects.select_related("business").order_by("number"))
    failed = []
    for done, till in enumerate(tills, start=1):
        try:
            act(till)
        except Exception:
            log.exception("a net of till %s failed", till)
            failed.append(till.number)
        tick(done, len(tills))
    if failed:
        raise TillsFailed(f"It failed for {', '.join(failed)}; the log of the worker says why.")
    return len(tills)
