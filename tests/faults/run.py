"""Payments through a hostile Safaricom while our processes die: every one is booked exactly once.

`python -m tests.faults.run [SCALE]` prints what it did and counted; exit code 1 where the books
differ from what the simulator knows to be true. On SQLite, and on PostgreSQL with Redis.
"""

import contextlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.faults.bodies import throw_at
from tests.faults.servers import GivenPostgres, OwnPostgres, OwnRedis, own_redis, postgres
from tests.journeys.house import House, opened, wait_until

PAYMENTS, KILLS, ODD = 2_000, 20, 2_000
PART_OF_STK = 0.5
# Safaricom is asked again about what has no answer after pauses that grow to this.
STILL_SECONDS = 240
BATCH = 50
SHORTCODE, TILL = "9900300", "9900302"
KEY = ("simulator-key", "simulator-secret")
HOSTILE = {"autopilot": "approve", "answer_after_ms": 300, "prompt_seconds": 30}
ASK = """
from django.utils import timezone
from money.models import User
from mpesa.actions.requests import request_payment
from mpesa.models import Till
from periodic import tasks
by = User.objects.get(username="baraka")
till = Till.objects.get(number="{till}")
for n in range({first}, {last}):
    request_payment(till=till, key=f"fault-{{n}}", reference=f"fault:{{n}}", by=by,
                    account_reference=f"F{{n}}", phone=f"2547{{n:08d}}",
                    amount_cents=(100 + n % 50) * 100, now=timezone.now())
tasks.ask_phones()
"""
SWEEP = "from periodic import tasks; tasks.sweep.call_local()"
PULL = """
from django.utils import timezone
from mpesa.actions.nets import pull_recent
from mpesa.models import Till
run = pull_recent(till=Till.objects.get(number="{till}"), hours=2, now=timezone.now())
print(run.verdict, run.rows, run.new)
"""
WAITING = (
    "SELECT (SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'waiting')"
    " + (SELECT count(*) FROM mpesa_paymentrequest WHERE state IN ('created', 'asked'))"
)
# "unknown" is a worker that died between claiming and asking, "expired" nobody who asked in time;
# of what is "paid" the pull told alone, and nothing said whose prompt it answered.
CAME_TO_NOTHING = """
    SELECT r.state, r.result_code, count(*) FROM mpesa_paymentrequest r
    WHERE r.reference LIKE 'fault:%'
    AND NOT EXISTS (SELECT 1 FROM mpesa_payment p WHERE p.request_id = r.id)
    GROUP BY r.state, r.result_code ORDER BY 3 DESC, 1, 2
"""
FORGED_IN = "SELECT receipt, state FROM mpesa_inboundmessage WHERE receipt LIKE 'FRGD%'"


class Run:
    """One house under fire, and what was done to it."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.secret = house.value(f"SELECT callback_secret FROM mpesa_till WHERE number = '{TILL}'")
        self.held_before = house.balance("duka", "1100")
        # The demo's month was paid to no simulator that runs now.
        self.booked_before = self.booked().keys()
        self.kills = self.forged = self.strangers = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    def booked(self) -> dict[str, int]:
        """Return the cents of every payment in the books by its receipt."""
        return dict(self.house.rows("SELECT receipt, amount_cents FROM mpesa_payment"))

    # The other side.

    def simulator(self, path: str, **body: Any) -> dict[str, Any]:
        return self.house.simulator.post(path, **body)

    def introduce(self) -> None:
        """Register our addresses as an owner does, and make the other side hostile."""
        url = self.house.simulator.url
        token = httpx.get(
            f"{url}/oauth/v1/generate",
            params={"grant_type": "client_credentials"},
            auth=KEY,
            timeout=20,
        ).json()["access_token"]
        head = {"Authorization": f"Bearer {token}"}
        self.simulator("/sim/outlets", shortcode=SHORTCODE, tills=[TILL])
        for path, body in (
            (
                "/mpesa/c2b/v2/registerurl",
                {
                    "ShortCode": SHORTCODE,
                    "ResponseType": "Completed",
                    "ConfirmationURL": self.address("confirm"),
                    "ValidationURL": self.address("check"),
                },
            ),
            (
                "/pulltransactions/v1/register",
                {
                    "ShortCode": SHORTCODE,
                    "RequestType": "Pull",
                    "NominatedNumber": "254700000303",
                    "CallBackURL": self.address("result"),
                },
            ),
        ):
            answer = httpx.post(f"{url}{path}", json=body, headers=head, timeout=20)
            assert answer.is_success, answer.text
        self.house.simulator.preset("hostile", **HOSTILE)

    def address(self, word: str, secret: str = "") -> str:
        return f"{self.house.url}/cb/{secret or self.secret}/{word}"

    def truth(self) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.house.simulator.url}/sim/truth", params={"shortcode": SHORTCODE}, timeout=60
        )
        return dict(answer.json()["shortcodes"][SHORTCODE])

    def pay_from_menu(self, number: int) -> None:
        """Pay unasked; one of ten is above what the till trusts without a word of Safaricom."""
        amount = 25_000 if number % 10 == 0 else 50 + number % 400
        phone = f"2541{number:08d}"
        self.simulator("/sim/pay", phone=phone, number=TILL, kind="till", amount=amount)

    def forge(self, number: int) -> None:
        """Send one of four forgeries; none of them may ever be believed."""
        receipt, kind = f"FRGD{number:06d}", number % 4
        fields: dict[str, Any] = {"receipt": receipt, "shortcode": SHORTCODE, "till": TILL}
        if kind == 0:
            fields |= {"kind": "stk", "amount": 180, "url": self.address("stk/guessed")}
            fields = {k: v for k, v in fields.items() if k not in {"shortcode", "till"}}
        elif kind == 1:
            fields |= {"kind": "c2b", "amount": 20_001, "url": self.address("confirm")}
        elif kind == 2:
            fields |= {"kind": "c2b", "amount": 50, "url": self.address("confirm")}
            fields["shortcode"] = "600991"
        else:
            fields |= {"kind": "c2b", "amount": 50, "url": self.address("confirm", "0" * 40)}
        sent = self.simulator("/sim/forge", **fields)
        # While the database is away, what is sent to no till of ours is spooled and answered too.
        if kind == 3 and sent["status"] in {200, 404}:
            self.strangers += 1
        elif sent["status"] == 200:
            self.forged += 1

    # What happens to our processes.

    def kill_workers(self, kills: int, span: float) -> None:
        """Kill a worker now and then, and start it again at once."""
        while self.kills < kills or not self.is_over.wait(0.01):
            time.sleep(self.chance.uniform(0.3, 1.7) * span / kills)
            name = self.chance.choice(["payments", "payments", "work"])
            with self.lock:
                self.house.kill(name)
                self.house.start(name)
            self.kills += 1

    def until_done(self, what: str, act: Callable[[], object], tries: int = 10) -> None:
        """Try again what a restart of the database broke: every action may come twice."""
        for _ in range(tries):
            try:
                act()
            except (AssertionError, httpx.HTTPError) as failure:
                last = failure
                time.sleep(1)
            else:
                return
        raise AssertionError(f"{what}: {last}")

    def push_all(self, payments: int, middle: Callable[[], None]) -> None:
        """Put prompts on phones, pay from menus, forge; in the middle the servers fail."""
        prompts = int(payments * PART_OF_STK)
        batches = list(range(0, prompts, BATCH))
        menu, forged = iter(range(payments - prompts)), iter(range(payments // 10))
        for place, first in enumerate(batches):
            code = ASK.format(till=TILL, first=first, last=min(first + BATCH, prompts))
            self.until_done("requests", partial(self.house.run_code, code))
            for _ in range(-(-(payments - prompts) // len(batches))):
                if (number := next(menu, None)) is not None:
                    self.pay_from_menu(number)
                    if number % 5 == 0 and (forgery := next(forged, None)) is not None:
                        self.forge(forgery)
            if place == len(batches) // 2:
                middle()

    # The end.

    def settle(self) -> str:
        """Let everything come to rest, then pull what was lost; returns what the pull said."""
        wait_until("no message on its way", self.is_quiet, 120)
        self.house.simulator.preset("honest", autopilot="approve")
        self.until_done("a sweep", lambda: self.house.run_code(SWEEP))
        self.until_nothing_waits()
        pulled = self.house.run_code(PULL.format(till=TILL)).split("\n")[0]
        self.until_done("a sweep", lambda: self.house.run_code(SWEEP))
        self.until_nothing_waits()
        return pulled

    def until_nothing_waits(self) -> None:
        """Wait as long as ever fewer messages and requests wait; a long run has many."""
        left = self.waiting()
        while left:
            wait_until(f"fewer than {left} that wait", partial(self.are_fewer, left), STILL_SECONDS)
            left = self.waiting()

    def waiting(self) -> int:
        return int(self.house.value(WAITING))

    def are_fewer(self, than: int) -> bool:
        return self.waiting() < than

    def is_quiet(self) -> bool:
        found = httpx.get(f"{self.house.simulator.url}/sim/alive", timeout=20).json()
        return not found["open"] and not found["waiting"]

    def came_to_nothing(self) -> dict[tuple[str, str], int]:
        """Print and return how many prompts brought no payment, by how they ended and why."""
        found = {(state, code): many for state, code, many in self.house.rows(CAME_TO_NOTHING)}
        ends = [f"{many:,} {state} ({code or 'silent'})" for (state, code), many in found.items()]
        print(f"  prompts that came to no payment: {', '.join(ends) or 'none'}")
        return found

    def judge(self) -> list[str]:
        """Compare the books with the truth; returns what is wrong, and prints the counts."""
        true = {one["receipt"]: one["amount_cents"] for one in self.truth()["receipts"]}
        everything = self.booked()
        booked = {key: everything[key] for key in everything.keys() - self.booked_before}
        entries = dict(
            self.house.rows(
                "SELECT source, count(*) FROM money_entry"
                " WHERE \"key\" LIKE 'mpesa:%' GROUP BY source"
            )
        )
        held = self.house.rows(FORGED_IN)
        in_quarantine = sum(state == "quarantined" for _, state in held)
        strays = self.house.value(
            "SELECT count(*) FROM mpesa_stray WHERE reason = 'unknown address'"
        )
        genuine_held = self.house.value(
            "SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'quarantined'"
            " AND receipt <> '' AND receipt NOT LIKE 'FRGD%'"
        )
        print(f"  genuine payments {len(true):,}, booked {len(booked):,}")
        nothing = self.came_to_nothing()
        print(f"  messages {self.house.value('SELECT count(*) FROM mpesa_inboundmessage'):,}")
        print(f"  forgeries taken {self.forged:,}, in quarantine {in_quarantine:,}")
        print(f"  from strangers {self.strangers:,}, strays {strays:,}")
        print(f"  workers killed {self.kills:,} times")
        account = -self.house.balance("duka", "2130")
        inbox = self.house.value(
            "SELECT coalesce(sum(amount_cents + corrected_cents"
            " - allocated_cents - reversed_cents), 0) FROM mpesa_payment"
        )
        print(f"  inbox {inbox:,} cents, account {account:,} cents")
        print(f"  verify_books: {self.house.manage('verify_books').strip()}")
        checks = {
            # Workers are gone for seconds at a time, and a prompt is worth sending for minutes.
            "a prompt waited until it was too old": not nothing.get(("expired", "never-asked")),
            "a genuine payment is missing": not set(true) - set(booked),
            "what is booked is not genuine": not set(booked) - set(true),
            "an amount differs": all(booked.get(key) == cents for key, cents in true.items()),
            "a payment has not exactly one entry": entries == dict.fromkeys(everything, 1),
            "a forgery is not in quarantine": in_quarantine == len(held) >= self.forged,
            "a stranger left no trace": strays >= min(self.strangers, 200),
            "a genuine message is held": genuine_held == 0,
            "inbox and account differ": inbox == account,
            "money of the till differs": self.house.balance("duka", "1100")
            == self.held_before + sum(true.values()),
        }
        return [what for what, is_right in checks.items() if not is_right]


def under_fire(house: House, scale: float, seed: int, middle: Callable[[], None]) -> list[str]:
    """Push the payments through while workers die; returns what is wrong at the end."""
    payments, kills = max(50, int(PAYMENTS * scale)), max(5, int(KILLS * max(scale, 0.25)))
    run = Run(house, seed)
    run.introduce()
    killer = threading.Thread(target=run.kill_workers, args=(kills, payments / 12))
    killer.start()
    began = time.monotonic()
    try:
        run.push_all(payments, middle)
    finally:
        run.is_over.set()
        killer.join()
    print(f"  pushed in {time.monotonic() - began:.0f} s")
    print(f"  the pull: {run.settle()} (verdict, rows, new)")
    wrong = run.judge()
    return wrong + throw_at(house, run.secret, max(100, int(ODD * scale)), seed)


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set what a house reads from the environment, and take it back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def on_sqlite(scale: float, seed: int) -> list[str]:
    print(f"SQLite and queues in files, seed {seed}")
    with variables(DATABASE_URL="", JOURNEY_REDIS_URL=""), tempfile.TemporaryDirectory() as folder:
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("JOURNEY_REDIS_URL", None)
        with opened(Path(folder), STK_PROMPT_SECONDS="5") as house:

            def lose_queues() -> None:
                house.empty_queues()
                print("  the files of the queues were deleted")

            return under_fire(house, scale, seed, lose_queues)


def on_servers(
    scale: float, seed: int, database: OwnPostgres | GivenPostgres, queue: OwnRedis
) -> list[str]:
    print(f"PostgreSQL and Redis, seed {seed}")
    with (
        variables(DATABASE_URL=database.url, JOURNEY_REDIS_URL=queue.url),
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder), STK_PROMPT_SECONDS="5") as house,
    ):

        def lose_servers() -> None:
            queue.flush()
            queue.stop(signal.SIGKILL)
            queue.start()
            print("  Redis was flushed, killed and started")
            print(f"  PostgreSQL: {database.restart()}")

        return under_fire(house, scale, seed, lose_servers)


def main(scale: float) -> int:
    """Run on both; return 1 where something is wrong."""
    # Whoever stops us wants our servers gone, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    wrong = on_sqlite(scale, seed)
    with postgres() as database, own_redis() as queue:
        if database is None or queue is None:
            print("PostgreSQL and Redis: not run, one of them is not on this machine")
        else:
            wrong += on_servers(scale, seed, database, queue)
    for what in wrong:
        print(f"WRONG: {what}")
    print("ok" if not wrong else f"{len(wrong)} wrong, FAULT_SEED={seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
