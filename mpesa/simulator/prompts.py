"""A prompt on a customer's phone. Values do not change: each step makes a new one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mpesa.simulator.outcomes import Outcome

if TYPE_CHECKING:
    from mpesa.simulator.mailroom import Letter

DELIVERIES_KEPT = 50


@dataclass(frozen=True)
class Push:
    """What a merchant asked for, after Daraja's checks."""

    shortcode: str
    transaction_type: str
    amount: int
    phone: str
    party_b: str
    callback_url: str
    reference: str
    description: str


@dataclass(frozen=True)
class Delivery:
    """One attempt to bring a message to its address, and what was answered."""

    at: datetime
    status: int | None
    error: str | None
    answer: bytes = b""

    def as_json(self) -> dict[str, Any]:
        """Return the attempt without the answer's body."""
        return {"at": self.at.isoformat(), "status": self.status, "error": self.error}


@dataclass(frozen=True)
class Prompt:
    """One push from its acceptance to its end."""

    push: Push
    checkout_request_id: str
    merchant_request_id: str
    opened_at: datetime
    closes_at: datetime
    rings: bool
    ignored: bool = False
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    receipt: str | None = None
    body: bytes = b""
    # The C2B confirmation of the same receipt, where the shortcode has registered for it.
    twin: "Letter | None" = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def open(self) -> bool:
        return self.outcome is None

    @property
    def on_screen(self) -> bool:
        """Return whether the customer sees the question now."""
        return self.open and self.rings and not self.ignored

    def with_delivery(self, delivery: Delivery) -> "Prompt":
        """Return this prompt with one more delivery; the oldest of very many are dropped."""
        return replace(self, deliveries=(*self.deliveries, delivery)[-DELIVERIES_KEPT:])

    def as_json(self) -> dict[str, Any]:
        """Return the prompt as `GET /sim/prompts` shows it."""
        return {
            "id": self.checkout_request_id,
            "merchant_request_id": self.merchant_request_id,
            "phone": self.push.phone,
            "amount": self.push.amount,
            "shortcode": self.push.shortcode,
            "party_b": self.push.party_b,
            "transaction_type": self.push.transaction_type,
            "reference": self.push.reference,
            "description": self.push.description,
            "callback_url": self.push.callback_url,
            "state": "open" if self.open else "ended",
            "on_screen": self.on_screen,
            "result_code": self.outcome.code if self.outcome else None,
            "result_desc": self.outcome.text if self.outcome else None,
            "receipt": self.receipt,
            "opened_at": self.opened_at.isoformat(),
            "closes_at": self.closes_at.isoformat(),
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "deliveries": [each.as_json() for each in self.deliveries],
        }
