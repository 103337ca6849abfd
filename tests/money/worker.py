"""A process that works on the scratch database: `python worker.py VERB ARGUMENTS`, prints words.

`python worker.py together JOBS` becomes several: Django is loaded once, then each job is forked.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from threading import Event, Thread

import django

django.setup()

# What follows needs Django to be up.
from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402

from money import roles  # noqa: E402
from money.actions.books import open_business  # noqa: E402
from money.actions.posting import KeyTaken, post  # noqa: E402
from money.chart import Code  # noqa: E402
from money.drafts import Draft, Posted  # noqa: E402
from money.models import ENTRY_IDS_PER_BOOK, Account, Business, Entry, Line, TaxPerson  # noqa: E402
from money.snapshot import snapshot  # noqa: E402
from money.verification import verify_books  # noqa: E402

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


# The books of tests that bring their own code.
OF_CODE = ("paper", "closing", "here", "there")


def say(*words: object) -> None:
    print(*words, flush=True)


def migrate() -> None:
    call_command("migrate", verbosity=0)
    for slug in ("duka", "laundry", "moment", "slip", "killed", "first", "second", *OF_CODE):
        person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z", name="Amina")
        open_business(tax_person=person, slug=slug, name=slug, trade="retail")


def post_one(slug: str, key: str) -> Posted:
    draft = Draft(
        business=Business.objects.get(slug=slug),
        key=key,
        occurred_on=TODAY,
        description="A test entry",
        lines=[(Code.CASH_DRAWER, 100), (Code.SALES_RETAIL, -100)],
    )
    return post(draft, posted_at=NOW)


def many(slug: str, prefix: str, times: str) -> None:
    """Post from four threads, each with a connection of its own; print every number."""
    numbers: list[int] = []

    def work(thread: int) -> None:
        numbers.extend(
            post_one(slug, f"{prefix}:{thread}:{time}").number for time in range(int(times))
        )
        connection.close()

    threads = [Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(*numbers)


def once(slug: str, key: str) -> None:
    posted = post_one(slug, key)
    say(posted.entry_id, posted.is_new)


def forever(slug: str, prefix: str) -> None:
    for time in count():
        post_one(slug, f"{prefix}:{time}")
        if time == 0:
            say("posting")


def moment() -> None:
    """Print how many entries a snapshot sees before and after another connection posts, then."""

    def other() -> None:
        post_one("moment", "moment:2")
        connection.close()

    post_one("moment", "moment:1")
    with snapshot():
        before = Entry.objects.filter(business__slug="moment").count()
        thread = Thread(target=other)
        thread.start()
        thread.join()
        during = Entry.objects.filter(business__slug="moment").count()
    say(before, during, Entry.objects.filter(business__slug="moment").count())


def slip() -> None:
    """Print the refusal of a line that waits under an entry which is just being committed."""
    business = Business.objects.get(slug="slip")
    account = Account.objects.get(business=business, code=Code.CASH_DRAWER)
    entry_id = business.pk * ENTRY_IDS_PER_BOOK + 1
    written, refusals = Event(), []

    def other() -> None:
        written.wait(30)
        try:
            with transaction.atomic():
                Line.objects.create(
                    entry_id=entry_id, account=account, occurred_on=TODAY, amount_cents=1
                )
        except IntegrityError as refusal:
            refusals.append(str(refusal).splitlines()[0])
        connection.close()

    thread = Thread(target=other)
    thread.start()
    with transaction.atomic():
        post_one("slip", "slip:1")
        written.set()
        thread.join(0.5)
        waits = thread.is_alive()
    thread.join()
    say(waits, Line.objects.filter(entry_id=entry_id).count(), *refusals)


def rival() -> None:
    """Print the refusal of a posting whose key another book takes at the same time."""
    written, refusals = Event(), []

    def other() -> None:
        written.wait(30)
        try:
            post_one("second", "rival:1")
        except KeyTaken as refusal:
            refusals.append(str(refusal))
        connection.close()

    thread = Thread(target=other)
    thread.start()
    with transaction.atomic():
        post_one("first", "rival:1")
        written.set()
        thread.join(0.5)
        waits = thread.is_alive()
    thread.join()
    say(waits, Entry.objects.filter(key="rival:1").count(), *refusals)


def verify(slug: str) -> None:
    report = verify_books()
    say(report.is_ok, Entry.objects.filter(business__slug=slug).count(), *report.findings)


def code(text: str, *arguments: str) -> None:
    """Run a program that a test holds."""
    sys.argv[1:] = arguments
    exec(text, {"__name__": "__main__"})


def together(jobs: str) -> None:
    """Fork a process per job (a list of words in JSON); print their outputs and exit codes."""
    children = [_forked(job) for job in json.loads(jobs)]
    outcomes = []
    for pid, read in children:
        with os.fdopen(read) as pipe:
            printed = pipe.read()
        outcomes.append((printed, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
    say(json.dumps(outcomes))


def _forked(job: list[str]) -> tuple[int, int]:
    """Return the process id, and where what it prints is read. No connection is open yet."""
    read, write = os.pipe()
    if pid := os.fork():
        os.close(write)
        return pid, read
    os.dup2(write, 1)
    end = 1
    try:
        VERBS[job[0]](*job[1:])
        sys.stdout.flush()
        end = 0
    except BaseException:  # noqa: BLE001 told on the way out
        traceback.print_exc()
    os._exit(end)


def powers() -> None:
    say(*roles.powers())


VERBS: dict[str, Callable[..., None]] = {
    verb.__name__: verb
    for verb in (migrate, many, once, forever, moment, slip, rival, verify, powers, code, together)
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
