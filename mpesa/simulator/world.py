"""One simulated M-Pesa: its prompts, its knobs, its credentials, and what happens by itself.

Views read the clock and pass it in; so does the agenda for what happens later.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mpesa.simulator import ids, intake, payloads
from mpesa.simulator.access import Access
from mpesa.simulator.agenda import Agenda, Job
from mpesa.simulator.burst import Burst
from mpesa.simulator.c2b import twin_first
from mpesa.simulator.knobs import KnobBoard, Knobs
from mpesa.simulator.mailroom import Letter, Mailroom
from mpesa.simulator.menu import Menu
from mpesa.simulator.moves import Ledger, Payment
from mpesa.simulator.operations import Operations
from mpesa.simulator.outcomes import OUTCOMES, TIMED_OUT, Outcome, outcome_of
from mpesa.simulator.outlets import Outlets
from mpesa.simulator.people import payer_of
from mpesa.simulator.prompts import Delivery, Prompt, Push
from mpesa.simulator.pull import Nominated
from mpesa.simulator.refusals import SUBSCRIBER_LOCKED, Refused

PROMPTS_KEPT = 5_000
# How long Daraja takes to notice that a prompt it accepted cannot be shown.
LATE_FAILURE_MS = 300
MILLISECOND = timedelta(milliseconds=1)
SAME_AMOUNT_WITHIN = timedelta(minutes=2)
SAME_AMOUNT = OUTCOMES["17"]


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
        # A receiver that hangs may hold up other callbacks, but never the prompts' own time.
        self._timers = Agenda("simulator-timers", threads=1)
        self.knobs = KnobBoard()
        self.access = Access()
        self.burst = Burst()
        self.outlets = Outlets()
        self.ledger = Ledger()
        self.pulls = Nominated()
        self.mail = Mailroom(self.knobs_of)
        self.menu = Menu(self.mail, self.ledger, self.outlets, self.knobs_of)
        self.operations = Operations(
            self.mail, self.ledger, self.outlets, self.knobs_of, self._timers
        )

    def reset(self) -> None:
        """Forget everything that happened, and all settings. Timers that still run find nothing."""
        with self._lock:
            self._prompts.clear()
            self._open_by_phone.clear()
            self.knobs = KnobBoard()
            self.access = Access()
            self.burst = Burst()
        for part in (self.outlets, self.ledger, self.pulls, self.menu, self.operations):
            part.clear()
        self.mail.forget()

    def close(self) -> None:
        """End the background threads."""
        self.stopping.set()
        self._timers.close()
        self.menu.close()
        self.mail.close()

    def knobs_of(self, *numbers: str) -> Knobs:
        """Return the setting of the account that goes by these numbers, the last one first."""
        known = [number for each in numbers for number in self.outlets.at(each).numbers]
        return self.knobs.current(*known, *numbers)

    def turn(
        self, number: str, changes: Mapping[str, Any] | None = None, *, preset: str = ""
    ) -> None:
        """Change knobs of all or of the account that goes by a number, perhaps from a preset.

        What its other numbers were given before it was known that they are one is kept.
        """
        outlet = self.outlets.at(number)
        code = number if number == outlet.head_office else outlet.shortcode
        if preset:
            self.knobs.preset(preset, changes, shortcode=code)
        else:
            others = [own for own in (outlet.numbers if number else ()) if own != code]
            kept = {k: v for own in others for k, v in self.knobs.own(own).items()}
            self.knobs.change(kept | dict(changes or {}), shortcode=code)
        for till in outlet.tills:
            if till != code:
                self.knobs.clear(till)

    def clear_knobs(self, number: str) -> None:
        """Let an account follow the global knobs again, whichever of its numbers had some."""
        for own in (*self.outlets.at(number).numbers, number):
            self.knobs.clear(own)

    def push(self, push: Push, now: datetime) -> Prompt:
        """Open a prompt, or raise `Refused` while another is open on the same phone."""
        self.outlets.of_push(push)
        knobs = self.knobs_of(push.shortcode, push.party_b)
        failure = intake.late_failure(push) or self._too_soon(push, knobs, now)
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
        self._send(ended)
        return ended

    def redeliver(self, name: str) -> Prompt:
        """Send the callback of an ended prompt once more, byte for byte the same."""
        prompt = self.prompt(name)
        if prompt.open:
            raise NotEnded
        self.mail.send(self._callback(prompt))
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
            if knobs.locking and push.phone in self._open_by_phone:
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
        ended = self._end(prompt.checkout_request_id, outcome, now)
        knobs = self._knobs_of_push(prompt.push)
        first, last = self._around(ended, knobs)
        for letter in first:
            self.mail.post_now(letter, now)
        for _ in range(knobs.callback_times if knobs.callback == "normal" else 0):
            self.mail.post_now(self._callback(ended), now)
        for letter in last:
            self.mail.send(letter)
        return ended

    def _ending(self, name: str, outcome: Outcome) -> Job:
        def end(now: datetime) -> None:
            try:
                ended = self._end(name, outcome, now)
            except (NoSuchPrompt, AlreadyEnded):
                return
            self._send(ended)

        return end

    def _end(self, name: str, outcome: Outcome, now: datetime) -> Prompt:
        def end(prompt: Prompt) -> Prompt:
            receipt = self.ledger.new_receipt(now) if outcome.paid else None
            ended = replace(prompt, outcome=outcome, decided_at=now, receipt=receipt)
            twin = self.menu.receive_push(self._payment(ended), now) if receipt else None
            metadata = self._knobs_of_push(prompt.push).metadata
            body = payloads.callback_body(
                prompt, outcome, receipt=receipt, at=now, metadata=metadata
            )
            return replace(ended, body=body, twin=twin)

        return self._change(name, end)

    def _payment(self, prompt: Prompt) -> Payment:
        push = prompt.push
        outlet = self.outlets.of_push(push)
        return Payment(
            kind="stk",
            shortcode=outlet.shortcode,
            cents=push.amount * 100,
            payer=payer_of(push.phone),
            receipt=prompt.receipt or "",
            number=push.party_b if outlet.is_till else push.shortcode,
            reference="" if outlet.is_till else push.reference,
            checkout_request_id=prompt.checkout_request_id,
            merchant_request_id=prompt.merchant_request_id,
        )

    def _around(self, prompt: Prompt, knobs: Knobs) -> tuple[list[Letter], list[Letter]]:
        """Return what goes before the callback and what after it: one of them may hold a twin."""
        if prompt.twin is None:
            return [], []
        return ([prompt.twin], []) if twin_first(knobs.stk_twin) else ([], [prompt.twin])

    def _callback(self, prompt: Prompt) -> Letter:
        name = prompt.checkout_request_id
        return Letter(
            "stk-callback",
            prompt.push.shortcode,
            prompt.push.callback_url,
            prompt.body,
            about=name,
            on_delivery=partial(self._note, name),
        )

    def _send(self, prompt: Prompt) -> None:
        knobs = self._knobs_of_push(prompt.push)
        first, last = self._around(prompt, knobs)
        if knobs.callback == "never":
            for letter in (*first, *last):
                self.mail.send(letter)
            return
        letters = (*first, self._callback(prompt), *last)
        self.mail.send(
            *letters, delay_ms=knobs.callback_delay_ms, times=1 if first else knobs.callback_times
        )
        for _ in range(knobs.callback_times - 1 if first else 0):
            self.mail.send(self._callback(prompt), delay_ms=knobs.callback_delay_ms)

    def _too_soon(self, push: Push, knobs: Knobs, now: datetime) -> Outcome | None:
        """Return code 17 where the knob says so and the phone just paid the same amount."""
        if not knobs.same_amount_17:
            return None
        for prompt in self.prompts():
            same = (push.phone, push.amount) == (prompt.push.phone, prompt.push.amount)
            paid_at = prompt.decided_at if prompt.receipt else None
            if same and paid_at and now - paid_at < SAME_AMOUNT_WITHIN:
                return SAME_AMOUNT
        return None

    def _knobs_of_push(self, push: Push) -> Knobs:
        return self.knobs_of(push.shortcode, push.party_b)

    def _note(self, name: str, delivery: Delivery) -> None:
        with self._lock:
            # A reset or five thousand newer prompts may have come in between.
            if name in self._prompts:
                self._prompts[name] = self._prompts[name].with_delivery(delivery)

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
