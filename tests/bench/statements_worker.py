"""A process on a scratch database of some size: `python -m tests.bench.statements_worker VERB ...`.

Its last line is its answer, in JSON.
"""

import json
import resource
import statistics
import sys
from collections.abc import Callable
from datetime import date
from functools import partial

import django

django.setup()

# What follows needs Django to be up.
from money.models import Business  # noqa: E402
from money.report import Period  # noqa: E402
from money.statements.balance_sheet import balance_sheet  # noqa: E402
from money.statements.ledger import account_statement  # noqa: E402
from money.statements.profit_and_loss import profit_and_loss  # noqa: E402
from money.statements.trial_balance import trial_balance  # noqa: E402
from money.verification import verify_books  # noqa: E402
from tests.bench import statements_load  # noqa: E402
from tests.bench.cpu import of_django  # noqa: E402

RUNS = 7
PERIODS = {
    "in the middle of a past month": Period(date(2024, 1, 1), date(2024, 6, 15)),
    "today": Period(date(2026, 1, 1), statements_load.LAST_DAY),
}
EVERYTHING = Period(statements_load.FIRST_DAY, statements_load.LAST_DAY)
MIDDLE = Period(date(2023, 5, 16), statements_load.LAST_DAY)


def load(lines: str) -> None:
    statements_load.load(int(lines))
    say(int(lines))


def read() -> None:
    """Answer the CPU milliseconds of each statement, and of a page of a ledger."""
    businesses = list(Business.objects.order_by("pk"))
    figures: dict[str, float] = {}
    for make in (trial_balance, profit_and_loss, balance_sheet):
        for when, period in PERIODS.items():
            work = partial(make, businesses=businesses, period=period)
            figures[f"{make.__name__.replace('_', ' ')}, {when}"] = cost_ms(work)
    figures["page"] = cost_of_page_ms(businesses[0])
    say(figures)


def cost_of_page_ms(business: Business) -> float:
    """Return the cost of 50 rows in the middle of seven years of the busiest account."""

    def page(period: Period, after: str | None) -> str | None:
        found = account_statement(
            businesses=[business], codes=[statements_load.BUSIEST], period=period, after=after
        )
        return found.next_cursor

    middle = page(MIDDLE, None)
    assert middle
    return cost_ms(lambda: page(EVERYTHING, middle))


def cost_ms(work: Callable[[], object]) -> float:
    """Return the median CPU milliseconds of `work`, here and in the database's process."""
    cpu, costs = of_django(), []
    work()
    for _ in range(RUNS):
        began = cpu.seconds()
        work()
        costs.append((cpu.seconds() - began) * 1000)
    return statistics.median(costs)


def verify() -> None:
    """Answer the lines read, the CPU seconds of client and database, and the peak of memory."""
    cpu = of_django()
    began = cpu.seconds()
    own = cpu.own_seconds()
    report = verify_books()
    assert report.is_ok, report.findings
    answer = {
        "lines": report.lines,
        "cpu": cpu.seconds() - began,
        "own": cpu.own_seconds() - own,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    say(answer)


def say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    verbs: tuple[Callable[..., None], ...] = (load, read, verify)
    {verb.__name__: verb for verb in verbs}[sys.argv[1]](*sys.argv[2:])
