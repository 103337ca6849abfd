"""A process on a scratch database: `python -m tests.bench.counter_worker VERB ...`.

Its last line is its answer, in JSON.
"""

import json
import re
import statistics
import sys
from collections.abc import Callable

import django

django.setup()

# What follows needs Django to be up.
from django.core.management import call_command  # noqa: E402
from django.db import connection, reset_queries  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from money.models import Business, User  # noqa: E402
from shops.actions.movers import learn_fast_movers  # noqa: E402
from shops.models import FastMover  # noqa: E402
from tests.bench import counter_load  # noqa: E402
from tests.bench.cpu import of_django  # noqa: E402

RUNS = 15
PAGE = f"/s/{counter_load.SLUG}/"
SEARCHES = {
    "one word that many have": "milk",
    "two words": "fresh salt",
    "one letter": "a",
    "a code": "6160000000042",
    "nothing": "zzz",
}


def load(products: str, lines: str) -> None:
    """Load products and past sales."""
    counter_load.load(int(products), int(lines), timezone.localdate())
    say(int(lines))


def learn() -> None:
    """Answer the CPU milliseconds of learning what sells fast, and how many products that were."""
    shop, cpu = Business.objects.get(), of_django()
    began = cpu.seconds()
    found = learn_fast_movers(business=shop, day=timezone.localdate())
    first = cpu.seconds() - began
    began = cpu.seconds()
    learn_fast_movers(business=shop, day=timezone.localdate())
    again = cpu.seconds() - began
    assert FastMover.objects.count() == found
    say({"products": found, "first": first * 1000, "again": again * 1000})


def read() -> None:
    """Answer bytes, queries and CPU milliseconds of the counter's page, and of searches."""
    call_command("collectstatic", verbosity=0, interactive=False)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="baraka"))
    figure = cost(client, PAGE)
    searches = {
        name: cost(client, PAGE, {"q": words}, {"X-Tiles": "yes"})
        for name, words in SEARCHES.items()
    }
    page = client.get(PAGE)
    text = page.content.decode()
    assert text.count('class="tile"') == min(60, Business.objects.get().products.count())
    assets = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text)))
    answers = [client.get(path) for path in assets]
    assert all(answer.status_code == 200 for answer in answers), assets
    weight = len(page.content) + sum(len(answer.getvalue()) for answer in answers)
    say({"page": figure, "searches": searches, "bytes": weight})


def cost(
    client: Client,
    path: str,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, float]:
    """Return the median CPU milliseconds, here and in the database's process, and the queries."""

    def ask() -> None:
        assert client.get(path, data, headers=headers).status_code == 200

    ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
    number = len(queries)
    reset_queries()
    cpu, costs = of_django(), []
    for _ in range(RUNS):
        began = cpu.seconds()
        ask()
        costs.append((cpu.seconds() - began) * 1000)
    return {"ms": statistics.median(costs), "queries": number}


def say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    verbs: tuple[Callable[..., None], ...] = (load, learn, read)
    {verb.__name__: verb for verb in verbs}[sys.argv[1]](*sys.argv[2:])
