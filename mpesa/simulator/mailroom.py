"""Everything that Safaricom sends by itself, and the bad luck that befalls it on its way."""

import itertools
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from mpesa.simulator.agenda import Agenda
from mpesa.simulator.delivery import CONTENT_TYPES, TIMEOUT_SECONDS, Courier
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.prompts import DELIVERIES_KEPT, Delivery

LETTERS_KEPT = 10_000
HELD_MOST = 10_000
COURIER_THREADS = 8
# One guide claims these three; Safaricom's own pages claim none.
RETRY_MS = (1_000, 5_000, 15_000)
ORDERS = ("sent", "reversed", "shuffled")
OK = range(200, 300)


class NoSuchLetter(LookupError):
    """No message has this id."""


@dataclass(frozen=True)
class Letter:
    """One message to one address, and each attempt to bring it there."""

    kind: str
    shortcode: str
    url: str
    body: bytes
    about: str = ""
    name: str = ""
    on_delivery: Callable[[Delivery], None] | None = None
    deliveries: tuple[Delivery, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as `GET /sim/messages` shows it."""
        return {
            "id": self.name,
            "kind": self.kind,
            "shortcode": self.shortcode,
            "about": self.about,
            "url": self.url,
            "body": self.body.decode(),
            "deliveries": [each.as_json() for each in self.deliveries],
        }


class Mailroom:
    """Sends letters by the knobs of their shortcode, and keeps the newest of them."""

    def __init__(self, knobs_of: Callable[[str], Knobs]) -> None:
        self._knobs_of = knobs_of
        self._lock = threading.Lock()
        self._count = itertools.count(1)
        self._era = 0
        self._letters: dict[str, Letter] = {}
        self._held: deque[tuple[tuple[Letter, ...], int]] = deque()
        self._courier = Courier()
        self._agenda = Agenda("simulator-courier", threads=COURIER_THREADS)

    def close(self) -> None:
        """End the background threads."""
        self._agenda.close()
        self._courier.close()

    def forget(self) -> None:
        """Drop all letters, also those on their way."""
        with self._lock:
            self._era += 1
            self._letters.clear()
            self._held.clear()

    def send(self, *letters: Letter, delay_ms: int = 0, times: int = 1) -> None:
        """Send the first letter, and each of the others when the one before it was tried once."""
        kept = tuple(self._keep(letter) for letter in letters)
        if self._knobs_of(kept[0].shortcode).hold:
            with self._lock:
                self._held.append((kept, times))
                while len(self._held) > HELD_MOST:
                    self._held.popleft()
            return
        self._start(kept, delay_ms, times, self._era)

    def post_now(self, letter: Letter, now: datetime, *, seconds: float = 0) -> Delivery:
        """Send one letter and wait for what comes of it; the knobs may lose it all the same."""
        return self._carry_once(self._keep(letter), now, seconds or TIMEOUT_SECONDS)

    def post_raw(self, url: str, body: bytes, content_type: str, now: datetime) -> Delivery:
        """Post what is no letter of Safaricom, such as a forgery: no knob touches it."""
        return self._courier.post(url, body, now, content_type=content_type)

    def release(self, order: str = "sent") -> int:
        """Send what `hold` kept back, one after the other in this order; return how many."""
        with self._lock:
            held = list(self._held)
            self._held.clear()
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            secrets.SystemRandom().shuffle(held)
        if held:
            self._agenda.after_ms(0, partial(self._carry_all, held, self._era))
        return len(held)

    def resend(self, name: str) -> Letter:
        """Send a letter once more, byte for byte the same."""
        with self._lock:
            letter = self._known(name)
        self._agenda.after_ms(0, partial(self._carry, letter, (), len(RETRY_MS), self._era))
        return letter

    def letters(self) -> list[Letter]:
        """Return all letters, newest first."""
        with self._lock:
            return list(reversed(self._letters.values()))

    @property
    def waiting(self) -> int:
        """Return how many are on their way, copies and repetitions included."""
        return self._agenda.waiting

    @property
    def held(self) -> int:
        """Return how many wait for their release."""
        return len(self._held)

    def _keep(self, letter: Letter) -> Letter:
        with self._lock:
            kept = replace(letter, name=letter.name or f"m{next(self._count)}")
            self._letters[kept.name] = kept
            while len(self._letters) > LETTERS_KEPT:
                del self._letters[next(iter(self._letters))]
            return kept

    def _known(self, name: str) -> Letter:
        if name not in self._letters:
            raise NoSuchLetter
        return self._letters[name]

    def _start(self, letters: tuple[Letter, ...], delay_ms: int, times: int, era: int) -> None:
        knobs = self._knobs_of(letters[0].shortcode)
        copies = times * knobs.copies + secrets.randbelow(knobs.extra_copies + 1)
        for number in range(copies):
            wait_ms = delay_ms + knobs.delay_ms + secrets.randbelow(knobs.jitter_ms + 1)
            followers = () if number else letters[1:]
            self._agenda.after_ms(wait_ms, partial(self._carry, letters[0], followers, 0, era))

    def _carry(
        self, letter: Letter, followers: tuple[Letter, ...], tries: int, era: int, now: datetime
    ) -> None:
        if era != self._era:
            return
        delivery = self._carry_once(letter, now, TIMEOUT_SECONDS)
        if followers:
            self._start(followers, 0, 1, era)
        failed = delivery.status not in OK
        if failed and tries < len(RETRY_MS) and self._knobs_of(letter.shortcode).retry:
            again = partial(self._carry, letter, (), tries + 1, era)
            self._agenda.after_ms(RETRY_MS[tries], again)

    def _carry_all(
        self, held: list[tuple[tuple[Letter, ...], int]], era: int, now: datetime
    ) -> None:
        for letters, times in held:
            for letter in letters:
                for _ in range(times):
                    if era == self._era:
                        self._carry_once(letter, now, TIMEOUT_SECONDS)

    def _carry_once(self, letter: Letter, now: datetime, seconds: float) -> Delivery:
        knobs = self._knobs_of(letter.shortcode)
        if knobs.outage:
            delivery = Delivery(at=now, status=None, error="Dropped: an outage.")
        elif secrets.randbelow(100) < knobs.loss_percent:
            delivery = Delivery(at=now, status=None, error="Dropped: lost by chance.")
        else:
            kind = knobs.content_type
            if kind == "mixed":
                kind = secrets.choice(tuple(CONTENT_TYPES))
            delivery = self._courier.post(
                letter.url, letter.body, now, content_type=CONTENT_TYPES[kind], seconds=seconds
            )
        self._note(letter, delivery)
        return delivery

    def _note(self, letter: Letter, delivery: Delivery) -> None:
        with self._lock:
            kept = self._letters.get(letter.name)
            if kept:
                tried = (*kept.deliveries, delivery)[-DELIVERIES_KEPT:]
                self._letters[letter.name] = replace(kept, deliveries=tried)
        if letter.on_delivery:
            letter.on_delivery(delivery)
