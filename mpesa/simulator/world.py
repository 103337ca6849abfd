"""One simulated M-Pesa: its prompts, its knobs, its credentials, and what happens by itself.

Views read the clock and pass it in; so does the agenda for what happens later.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from mpesa.simulator import ids, intake, payloads
from mpesa.simulator.access import Access
from mpesa.simulator.agenda import Agenda, Job
from mpesa.simulator.delivery import Courier
from mpesa.simulator.knobs import KnobBoard, Knobs
from mpesa.simulator.outcomes import TIMED_OUT, Outcome, outcome_of
from mpesa.simulator.prompts import Delivery, Prompt, Push
from mpesa.simulator.refusals import SUBSCRIBER_LOCKED, Refused

PROMPTS_KEPT = 5_000
COURIER_THREADS = 8
# How long Daraja takes to notice that a prompt it accepted cannot be shown.
LATE_FAILURE_MS = 300
MILLISECOND = timedelta(milliseconds=1)


class NoSuchPrompt(LookupError):
    """No prompt has this id."""


class AlreadyEnded(Exception):
    """A prompt ends once."""


class NotEnded(Exception):
    """Before its end a prompt has no callback."""


class World:
    """All state of one simulator. Prompts are values, so who holds one needs no lock."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._prompts: dict[str, Prompt] = {}
        self._open_by_phone: dict[str, str] = {}
        self._courier = Courier()
        # A receiver that hangs may hold up other callbacks, but never the prompts' own time.
        self._timers = Agenda("simulator-timers", threads=1)
        self._deliveries = Agenda("simulator-courier", threads=COURIER_THREADS)
        self.knobs = KnobBoard()
        self.access = Access()

    def reset(self) -> None:
        """Forget all prompts, tokens, credentials and knobs. Timers that still run find nothing."""
        with self._lock:
            self._prompts.clear()
            self._open_by_phone.clear()
            self.knobs = KnobBoard()
            self.access = Access()

    def close(self) -> None:
        """End the background threads."""
        self.stopping.set()
        self._timers.close()
        self._deliveries.close()
        self._courier.close()

    def push(self, push: Push, now: datetime) -> Prompt:
        """Open a prompt, or raise `Refused` while another is open on the same phone."""
        knobs = self.knobs.current(push.shortcode)
        failure = intake.late_failure(push)
        decided = failure or _decided_by_autopilot(knobs)
        prompt = self._open(push, knobs, now, rings=failure is None)
        name = prompt.checkout_request_id
        if decided and knobs.callback_before_ack:
            return self._end_before_the_ack(prompt, decided, now)
        if decided:
            delay_ms = LATE_FAILURE_MS if failure else knobs.answer_after_ms
            self._timers.after_ms(delay_ms, self._ending(name, decided))
        self._timers.after_ms(knobs.prompt_seconds * 1000, self._ending(name, TIMED_OUT))
        return prompt

    def answer(self, name: str, decision: object, now: datetime) -> Prompt:
        """Let the customer answer. To ignore a prompt leaves it open until its time is over."""
        outcome = outcome_of(decision)
        if outcome is None:
            return self._change(name, lambda prompt: replace(prompt, ignored=True))
        ended = self._end(name, outcome, now)
        self._schedule_deliveries(ended)
        return ended

    def redeliver(self, name: str) -> Prompt:
        """Send the callback of an ended prompt once more, byte for byte the same."""
        prompt = self.prompt(name)
        if prompt.open:
            raise NotEnded
        self._deliveries.after_ms(0, partial(self._deliver, name))
        return prompt

    def prompt(self, name: str) -> Prompt:
        """Return one prompt by its CheckoutRequestID."""
        with self._lock:
            return self._known(name)

    def prompts(self) -> list[Prompt]:
        """Return all prompts, newest first."""
        with self._lock:
            return list(reversed(self._prompts.values()))

    def _open(self, push: Push, knobs: Knobs, now: datetime, *, rings: bool) -> Prompt:
        with self._lock:
            if push.phone in self._open_by_phone:
                raise Refused(SUBSCRIBER_LOCKED)
            moment = now
            while (name := ids.checkout_request_id(moment, push.phone)) in self._prompts:
                moment += MILLISECOND
            prompt = Prompt(
                push=push,
                checkout_request_id=name,
                merchant_request_id=ids.merchant_request_id(),
                opened_at=now,
                closes_at=now + timedelta(seconds=knobs.prompt_seconds),
                rings=rings,
            )
            self._prompts[name] = prompt
            self._open_by_phone[push.phone] = name
            while len(self._prompts) > PROMPTS_KEPT:
                self._release(self._prompts.pop(next(iter(self._prompts))))
            return prompt

    def _end_before_the_ack(self, prompt: Prompt, outcome: Outcome, now: datetime) -> Prompt:
        name = prompt.checkout_request_id
        ended = self._end(name, outcome, now)
        knobs = self.knobs.current(prompt.push.shortcode)
        for _ in range(knobs.callback_times if knobs.callback == "normal" else 0):
            self._deliver(name, now)
        return ended

    def _ending(self, name: str, outcome: Outcome) -> Job:
        def end(now: datetime) -> None:
            try:
                ended = self._end(name, outcome, now)
            except (NoSuchPrompt, AlreadyEnded):
                return
            self._schedule_deliveries(ended)

        return end

    def _end(self, name: str, outcome: Outcome, now: datetime) -> Prompt:
        receipt = ids.receipt(now) if outcome.paid else None

        def end(prompt: Prompt) -> Prompt:
            metadata = self.knobs.current(prompt.push.shortcode).metadata
            return replace(
                prompt,
                outcome=outcome,
                decided_at=now,
                receipt=receipt,
                body=payloads.callback_body(
                    prompt, outcome, receipt=receipt, at=now, metadata=metadata
                ),
            )

        return self._change(name, end)

    def _schedule_deliveries(self, prompt: Prompt) -> None:
        knobs = self.knobs.current(prompt.push.shortcode)
        if knobs.callback == "never":
            return
        for _ in range(knobs.callback_times):
            self._deliveries.after_ms(
                knobs.callback_delay_ms, partial(self._deliver, prompt.checkout_request_id)
            )

    def _deliver(self, name: str, now: datetime) -> None:
        try:
            prompt = self.prompt(name)
            delivery = self._courier.post(prompt.push.callback_url, prompt.body, now)
            self._note(name, delivery)
        except NoSuchPrompt:
            # A reset or five thousand newer prompts came in between.
            return

    def _note(self, name: str, delivery: Delivery) -> None:
        with self._lock:
            self._prompts[name] = self._known(name).with_delivery(delivery)

    def _change(self, name: str, step: Callable[[Prompt], Prompt]) -> Prompt:
        with self._lock:
            before = self._known(name)
            if not before.open:
                raise AlreadyEnded
            after = self._prompts[name] = step(before)
            if not after.open:
                self._release(after)
            return after

    def _known(self, name: str) -> Prompt:
        if name not in self._prompts:
            raise NoSuchPrompt
        return self._prompts[name]

    def _release(self, prompt: Prompt) -> None:
        if self._open_by_phone.get(prompt.push.phone) == prompt.checkout_request_id:
            del self._open_by_phone[prompt.push.phone]


def _decided_by_autopilot(knobs: Knobs) -> Outcome | None:
    return None if knobs.autopilot is None else outcome_of(knobs.autopilot)
