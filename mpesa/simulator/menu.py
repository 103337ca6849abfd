"""Customers who pay from their own menu: a till or a paybill, without any push."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from mpesa.simulator import c2b
from mpesa.simulator.agenda import Agenda
from mpesa.simulator.c2b import Paid, Registration
from mpesa.simulator.charges import charge_cents
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.mailroom import Letter, Mailroom
from mpesa.simulator.moves import Ledger, Move, Payment
from mpesa.simulator.outlets import Outlet, Outlets
from mpesa.simulator.people import payer_of

ORDERS_KEPT = 5_000
REGISTRATIONS_MOST = 2_000
VALIDATION_THREADS = 4
NO_ANSWER = "The business could not be reached."


@dataclass(frozen=True)
class Order:
    """What a customer types into the menu. The amount is whole shillings."""

    phone: str
    number: str
    kind: str
    shillings: int
    reference: str = ""
    name: str = ""


@dataclass(frozen=True)
class Attempt:
    """One payment from the menu. It is asking while the business decides, then paid or refused."""

    order: Order
    shortcode: str
    receipt: str
    at: datetime
    state: str = "asking"
    reason: str = ""
    decided_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as `POST /sim/pay` shows it."""
        return {
            "receipt": self.receipt,
            "state": self.state,
            "reason": self.reason,
            "phone": self.order.phone,
            "number": self.order.number,
            "shortcode": self.shortcode,
            "amount": self.order.shillings,
            "reference": self.order.reference,
            "at": self.at.isoformat(),
        }


class Menu:
    """Takes payments by the menu and tells the business, where it registered."""

    def __init__(
        self,
        mail: Mailroom,
        ledger: Ledger,
        outlets: Outlets,
        knobs_of: Callable[[str], Knobs],
    ) -> None:
        self._lock = threading.Lock()
        self._attempts: dict[str, Attempt] = {}
        self._registrations: dict[str, Registration] = {}
        self._mail = mail
        self._ledger = ledger
        self._outlets = outlets
        self._knobs_of = knobs_of
        self._agenda = Agenda("simulator-validation", threads=VALIDATION_THREADS)

    def close(self) -> None:
        """End the background threads."""
        self._agenda.close()

    def clear(self) -> None:
        """Forget all payments and registrations."""
        with self._lock:
            self._attempts.clear()
            self._registrations.clear()

    def register(self, registration: Registration) -> None:
        """Keep where the messages of a shortcode go; the oldest of very many are dropped."""
        with self._lock:
            self._registrations[registration.shortcode] = registration
            while len(self._registrations) > REGISTRATIONS_MOST:
                del self._registrations[next(iter(self._registrations))]

    def registration(self, outlet: Outlet) -> Registration | None:
        """Return what was registered for an account, under whichever of its numbers."""
        with self._lock:
            for number in (outlet.shortcode, *outlet.tills, outlet.head_office):
                if number in self._registrations:
                    return self._registrations[number]
        return None

    def pay(self, order: Order, now: datetime) -> Attempt:
        """Start a payment. Without validation it is done at once."""
        outlet = self._outlets.known(order.number, order.kind)
        registration = self.registration(outlet)
        attempt = Attempt(order, outlet.shortcode, self._ledger.new_receipt(now), now)
        with self._lock:
            self._attempts[attempt.receipt] = attempt
            while len(self._attempts) > ORDERS_KEPT:
                del self._attempts[next(iter(self._attempts))]
        if registration and registration.validation_url and self._knobs_of(order.number).validation:
            self._agenda.after_ms(0, partial(self._ask, attempt, outlet, registration))
            return attempt
        return self._take(attempt, outlet, "", now)

    def attempts(self) -> list[Attempt]:
        """Return all payments by the menu, newest first."""
        with self._lock:
            return list(reversed(self._attempts.values()))

    def receive_push(self, payment: Payment, now: datetime) -> Letter | None:
        """Book the payment of a push; return the C2B confirmation that is its twin, if any."""
        outlet = self._outlets.at(payment.shortcode)
        move = self._ledger.receive(self._priced(payment, payment.number), now)
        knobs = self._knobs_of(payment.number)
        if knobs.stk_twin == "none":
            return None
        return self._confirmation(move, outlet, knobs, "")

    def _ask(
        self, attempt: Attempt, outlet: Outlet, registration: Registration, now: datetime
    ) -> None:
        knobs = self._knobs_of(attempt.order.number)
        paid = Paid(
            outlet,
            payer_of(attempt.order.phone, attempt.order.name),
            attempt.receipt,
            attempt.order.shillings * 100,
            attempt.at,
            attempt.order.reference,
            version=registration.version,
        )
        letter = Letter(
            "c2b-validation",
            outlet.shortcode,
            registration.validation_url,
            c2b.message(paid, knobs),
            about=attempt.receipt,
        )
        seconds = knobs.validation_wait_ms / 1000
        delivery = self._mail.post_now(letter, now, seconds=seconds)
        reply = c2b.reply_of(delivery.answer, delivery.status)
        if reply.accepted or (reply.accepted is None and registration.response_type == "Completed"):
            self._take(attempt, outlet, reply.third_party_id, now)
            return
        reason = c2b.REFUSED_TEXT.get(reply.code, reply.code) or NO_ANSWER
        self._decide(replace(attempt, state="refused", reason=reason, decided_at=now))

    def _take(self, attempt: Attempt, outlet: Outlet, third_party: str, now: datetime) -> Attempt:
        order = attempt.order
        knobs = self._knobs_of(order.number)
        payment = Payment(
            kind="bank" if knobs.c2b_type == "organization" else "c2b",
            shortcode=outlet.shortcode,
            cents=order.shillings * 100,
            payer=payer_of(order.phone, order.name),
            receipt=attempt.receipt,
            number=order.number,
            reference="" if outlet.is_till else order.reference,
        )
        move = self._ledger.receive(self._priced(payment, order.number), now)
        done = self._decide(replace(attempt, state="paid", decided_at=now))
        letter = self._confirmation(move, outlet, knobs, third_party)
        if letter:
            self._mail.send(letter)
        return done

    def _priced(self, payment: Payment, number: str) -> Payment:
        knobs = self._knobs_of(number)
        return replace(
            payment,
            charge_cents=charge_cents(knobs.charges, payment.cents),
            opening_cents=knobs.opening_shillings * 100,
        )

    def _confirmation(
        self, move: Move, outlet: Outlet, knobs: Knobs, third_party: str
    ) -> Letter | None:
        registration = self.registration(outlet)
        if registration is None or knobs.confirmation == "never":
            return None
        assert move.payment
        paid = Paid(
            outlet,
            move.payment.payer,
            move.receipt,
            move.cents,
            move.at,
            move.payment.reference,
            move.balance_cents,
            third_party,
            registration.version,
        )
        return Letter(
            "c2b-confirmation",
            outlet.shortcode,
            registration.confirmation_url,
            c2b.message(paid, knobs),
            about=move.receipt,
        )

    def _decide(self, attempt: Attempt) -> Attempt:
        with self._lock:
            if attempt.receipt in self._attempts:
                self._attempts[attempt.receipt] = attempt
            return attempt
