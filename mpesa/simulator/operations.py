"""Transaction status, account balance and reversal: accepted now, answered later."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from mpesa.simulator import ids, results
from mpesa.simulator.agenda import Agenda
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.mailroom import Letter, Mailroom
from mpesa.simulator.moves import Ledger, Move, NotReversed
from mpesa.simulator.outcomes import OUTCOMES, Outcome
from mpesa.simulator.outlets import Outlet, Outlets
from mpesa.simulator.results import Ack, Finding

STATUS = "status"
BALANCE = "balance"
REVERSAL = "reversal"
REMEMBERED = 5_000
# Nobody has published what an unknown receipt gets; production was seen to send this code.
NOT_FOUND = Finding(25, "The format of parameter null is invalid.")
INITIATOR = {
    "wrong_password": OUTCOMES["2001"],
    "locked": OUTCOMES["8006"],
    "no_role": Outcome(21, "The initiator is not allowed to initiate this request."),
}


@dataclass(frozen=True)
class Command:
    """One request of an API operator, after Daraja's checks."""

    kind: str
    shortcode: str
    result_url: str
    timeout_url: str
    asked: dict[str, Any]
    receipt: str = ""
    conversation: str = ""
    cents: int | None = None
    occasion: str = ""
    ack: Ack = field(default_factory=lambda: Ack("", ""))


class Operations:
    """Does what API operators ask for and sends the results."""

    def __init__(
        self,
        mail: Mailroom,
        ledger: Ledger,
        outlets: Outlets,
        knobs_of: Callable[[str], Knobs],
        timers: Agenda,
    ) -> None:
        self._lock = threading.Lock()
        self._reversals: dict[str, str] = {}
        self._mail = mail
        self._ledger = ledger
        self._outlets = outlets
        self._knobs_of = knobs_of
        self._timers = timers

    def clear(self) -> None:
        """Forget which request led to which reversal."""
        with self._lock:
            self._reversals.clear()

    def accept(self, command: Command, now: datetime) -> None:
        """Take a request whose ack has been made; its result follows."""
        delay_ms = self._knobs_of(command.shortcode).result_delay_ms
        self._timers.after_ms(delay_ms, partial(self._answer, command))

    def _answer(self, command: Command, now: datetime) -> None:
        knobs = self._knobs_of(command.shortcode)
        outlet = self._outlets.at(command.shortcode)
        if knobs.result == "timeout":
            body = results.timeout_body(command.ack, command.asked, knobs, now)
            self._send(command, outlet, command.timeout_url, body, "timeout", 1)
            return
        refused = INITIATOR.get(knobs.initiator)
        finding = (
            Finding(refused.code, refused.text)
            if refused
            else self._found(command, outlet, knobs, now)
        )
        if knobs.result == "never":
            return
        body = results.body(command.ack, finding, _reference(command), knobs, now)
        times = 2 if knobs.result == "twice" else 1
        self._send(command, outlet, command.result_url, body, "result", times)

    def _send(
        self, command: Command, outlet: Outlet, url: str, body: bytes, kind: str, times: int
    ) -> None:
        letter = Letter(
            f"{kind}-{command.kind}", outlet.shortcode, url, body, about=command.ack.originator
        )
        self._mail.send(letter, times=times)

    def _found(self, command: Command, outlet: Outlet, knobs: Knobs, now: datetime) -> Finding:
        if command.kind == BALANCE:
            balances = self._ledger.balances(outlet.shortcode)
            items = results.balance_items(outlet, balances, now)
            return Finding(0, results.DONE, items, lone="AccountBalance")
        if command.kind == STATUS:
            move = self._asked_about(command, outlet)
            if move is None:
                return NOT_FOUND
            items = results.status_items(move, outlet, command.ack, now)
            return Finding(0, results.DONE, items)
        return self._reversed(command, outlet, knobs, now)

    def _asked_about(self, command: Command, outlet: Outlet) -> Move | None:
        if command.receipt:
            return self._ledger.find(command.receipt, outlet.shortcode)
        with self._lock:
            receipt = self._reversals.get(command.conversation, "")
        if receipt:
            return self._ledger.find(receipt, outlet.shortcode)
        return self._ledger.by_push(command.conversation, outlet.shortcode)

    def _reversed(self, command: Command, outlet: Outlet, knobs: Knobs, now: datetime) -> Finding:
        try:
            move = self._ledger.reverse(
                command.receipt,
                now,
                cents=command.cents,
                shortcode=outlet.shortcode,
                partial=knobs.partial_reversals,
            )
        except NotReversed as refused:
            return Finding(refused.code, str(refused))
        with self._lock:
            for name in (command.ack.originator, command.ack.conversation):
                self._reversals[name] = move.receipt
            while len(self._reversals) > REMEMBERED:
                del self._reversals[next(iter(self._reversals))]
        return Finding(
            0,
            results.DONE,
            results.reversal_items(move, outlet),
            receipt=move.receipt,
            lone="OriginalTransactionID",
            may_lack_items=True,
        )


def new_ack(kind: str, now: datetime) -> Ack:
    """Return the ids of a new request; a balance gets the older style."""
    originator = ids.old_request_id() if kind == BALANCE else ids.merchant_request_id()
    return Ack(originator, ids.conversation_id(now))


def _reference(command: Command) -> results.Item:
    if command.kind == STATUS:
        return ("Occasion", command.occasion)
    return results.internal_url("ab" if command.kind == BALANCE else "reversal")
