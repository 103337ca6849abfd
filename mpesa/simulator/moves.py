"""The money of the simulated world: every move of every shortcode, newest last."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mpesa.simulator import ids
from mpesa.simulator.people import Payer

MOVES_KEPT = 50_000
MAIN = "main"
SETTLEMENT = "settlement"
PAYMENTS = ("stk", "c2b", "bank")


class NotReversed(Exception):
    """A reversal is refused; `code` is Daraja's, `str()` its text."""

    def __init__(self, code: int | str, text: str) -> None:
        """Keep the code beside the text."""
        super().__init__(text)
        self.code = code


class NothingToSweep(ValueError):
    """The account does not hold as much."""


@dataclass(frozen=True)
class Payment:
    """Money that a customer sends. Amounts are cents."""

    kind: str
    shortcode: str
    cents: int
    payer: Payer
    receipt: str
    number: str
    reference: str = ""
    checkout_request_id: str = ""
    merchant_request_id: str = ""
    charge_cents: int = 0
    opening_cents: int = 0


@dataclass(frozen=True)
class Move:
    """One row of an account: signed cents, and the balance after it."""

    shortcode: str
    pocket: str
    kind: str
    receipt: str
    cents: int
    balance_cents: int
    at: datetime
    payment: Payment | None = None
    linked: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as `GET /sim/moves` shows it."""
        payment = self.payment
        return {
            "receipt": self.receipt,
            "kind": self.kind,
            "account": self.pocket,
            "amount_cents": self.cents,
            "balance_cents": self.balance_cents,
            "at": self.at.isoformat(),
            "linked": self.linked,
            "phone": payment.payer.phone if payment else "",
            "reference": payment.reference if payment else "",
            "checkout_request_id": payment.checkout_request_id if payment else "",
        }


@dataclass
class _Book:
    balances: dict[str, int]
    given_back: dict[str, list[Move]] = field(default_factory=dict)


class Ledger:
    """All moves of one world, by shortcode. What is oldest is forgotten; balances are not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moves: deque[Move] = deque()
        self._by_receipt: dict[str, Move] = {}
        self._books: dict[str, _Book] = {}
        self._forged: deque[str] = deque(maxlen=MOVES_KEPT)

    def clear(self) -> None:
        """Forget all money."""
        with self._lock:
            self._moves.clear()
            self._by_receipt.clear()
            self._books.clear()
            self._forged.clear()

    def new_receipt(self, now: datetime) -> str:
        """Return a receipt that no move has."""
        while (receipt := ids.receipt(now)) in self._by_receipt:
            pass
        return receipt

    def receive(self, payment: Payment, now: datetime) -> Move:
        """Book a payment, and its charge under the same receipt; return the payment's row."""
        with self._lock:
            self._books.setdefault(
                payment.shortcode, _Book({MAIN: payment.opening_cents, SETTLEMENT: 0})
            )
            move = self._add(
                payment.shortcode, MAIN, payment.kind, payment.receipt, payment.cents, now, payment
            )
            self._by_receipt[payment.receipt] = move
            if payment.charge_cents:
                code, receipt = payment.shortcode, payment.receipt
                self._add(code, MAIN, "charge", receipt, -payment.charge_cents, now, payment)
            return move

    def sweep(
        self, shortcode: str, now: datetime, *, cents: int | None = None, to_bank: bool = True
    ) -> str:
        """Move money out of reach, all of it unless `cents` says how much; return the receipt."""
        with self._lock:
            book = self._books.get(shortcode)
            held = book.balances[MAIN] if book else 0
            amount = held if cents is None else cents
            if not 0 < amount <= held:
                raise NothingToSweep(f"{shortcode} holds {held} cents: {amount} cannot be swept.")
            receipt = self.new_receipt(now)
            self._add(shortcode, MAIN, "sweep", receipt, -amount, now)
            self._by_receipt[receipt] = self._add(
                shortcode, SETTLEMENT, "sweep", receipt, amount, now
            )
            if to_bank:
                gone = self.new_receipt(now)
                self._by_receipt[gone] = self._add(
                    shortcode, SETTLEMENT, "withdrawal", gone, -amount, now
                )
            return receipt

    def reverse(
        self, receipt: str, now: datetime, *, cents: int | None, shortcode: str, partial: bool
    ) -> Move:
        """Give a payment back to its payer and return the new row, or raise `NotReversed`."""
        with self._lock:
            original = self._by_receipt.get(receipt)
            if not original or original.kind not in PAYMENTS or original.shortcode != shortcode:
                raise NotReversed("R000002", "The OriginalTransactionID is invalid.")
            book = self._books[shortcode]
            before = book.given_back.get(receipt, [])
            left = original.cents + sum(move.cents for move in before)
            amount = left if cents is None else cents
            if not left or (before and not partial):
                raise NotReversed("R000001", "The transaction has already been reversed.")
            if not 0 < amount <= left or (amount != left and not partial):
                raise NotReversed(25, "The format of parameter Amount is invalid.")
            if amount > book.balances[MAIN]:
                raise NotReversed(1, "The balance is insufficient for the transaction.")
            new = self.new_receipt(now)
            move = self._add(
                shortcode, MAIN, "reversal", new, -amount, now, original.payment, receipt
            )
            self._by_receipt[new] = move
            book.given_back[receipt] = [*before, move]
            return move

    def find(self, receipt: str, shortcode: str = "") -> Move | None:
        """Return the row of a receipt, where it belongs to the shortcode."""
        with self._lock:
            move = self._by_receipt.get(receipt)
            return move if move and shortcode in {"", move.shortcode} else None

    def by_push(self, merchant_request_id: str, shortcode: str) -> Move | None:
        """Return the payment that a push led to."""
        for move in self.moves(shortcode):
            if move.payment and move.payment.merchant_request_id == merchant_request_id:
                return move
        return None

    def is_reversed(self, move: Move) -> bool:
        """Return whether some of a payment was given back."""
        with self._lock:
            return bool(self._books[move.shortcode].given_back.get(move.receipt))

    def moves(self, shortcode: str = "") -> list[Move]:
        """Return the rows of a shortcode, or of all, oldest first."""
        with self._lock:
            return [move for move in self._moves if shortcode in {"", move.shortcode}]

    def balances(self, shortcode: str) -> dict[str, int]:
        """Return the cents in the main and in the settlement account."""
        with self._lock:
            book = self._books.get(shortcode)
            return dict(book.balances) if book else {MAIN: 0, SETTLEMENT: 0}

    def note_forged(self, receipt: str) -> None:
        """Remember the receipt of a forgery, so that a run can look for it in the books."""
        self._forged.append(receipt)

    def truth(self, shortcode: str = "") -> dict[str, Any]:
        """Return what really happened: all genuine receipts per shortcode, and the forged ones."""
        with self._lock:
            codes = [code for code in self._books if shortcode in {"", code}]
            found: dict[str, dict[str, Any]] = {
                code: {
                    "balance_cents": self._books[code].balances[MAIN],
                    "settlement_cents": self._books[code].balances[SETTLEMENT],
                    "receipts": [],
                    "others": [],
                }
                for code in codes
            }
            for move in self._moves:
                if move.shortcode not in found:
                    continue
                if move.kind in PAYMENTS:
                    found[move.shortcode]["receipts"].append(self._true(move))
                else:
                    found[move.shortcode]["others"].append(move.as_json())
            return {"shortcodes": found, "forged": list(self._forged)}

    def _true(self, move: Move) -> dict[str, Any]:
        back = self._books[move.shortcode].given_back.get(move.receipt, [])
        return move.as_json() | {
            "amount": ids.shillings(move.cents),
            "reversed": bool(back),
            "reversed_cents": -sum(each.cents for each in back),
            "reversed_by": [each.receipt for each in back],
        }

    def _add(
        self,
        shortcode: str,
        pocket: str,
        kind: str,
        receipt: str,
        cents: int,
        now: datetime,
        payment: Payment | None = None,
        linked: str = "",
    ) -> Move:
        balances = self._books[shortcode].balances
        balances[pocket] += cents
        move = Move(shortcode, pocket, kind, receipt, cents, balances[pocket], now, payment, linked)
        self._moves.append(move)
        while len(self._moves) > MOVES_KEPT:
            self._forget(self._moves.popleft())
        return move

    def _forget(self, move: Move) -> None:
        self._by_receipt.pop(move.receipt, None)
        self._books[move.shortcode].given_back.pop(move.receipt, None)
