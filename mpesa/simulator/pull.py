"""The rows and answers of the pull API. Pure, apart from who has registered."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mpesa.simulator import ids, people
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.moves import MAIN, PAYMENTS, Move
from mpesa.simulator.outlets import Outlet

WINDOW = timedelta(hours=48)
REGISTERED_MOST = 2_000
# Only the debits and the settlement are attested; a reversal's name is this simulator's own.
KINDS = {
    ("payment", False): "c2b-pay-bill-debit",
    ("payment", True): "c2b-buy-goods-debit",
    ("sweep", False): "merchant-to-organization-settlement",
    ("sweep", True): "merchant-to-organization-settlement",
    ("reversal", False): "c2b-pay-bill-reversal",
    ("reversal", True): "c2b-buy-goods-reversal",
}


@dataclass(frozen=True)
class Window:
    """What is asked for: moments, and how much to skip."""

    shortcode: str
    start: datetime
    end: datetime
    offset: int


class Nominated:
    """Which shortcodes have registered for pull."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, str] = {}

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._numbers.clear()

    def add(self, shortcode: str, number: str) -> bool:
        """Register a shortcode; return whether it is new."""
        with self._lock:
            new = shortcode not in self._numbers
            self._numbers.setdefault(shortcode, number)
            while len(self._numbers) > REGISTERED_MOST:
                del self._numbers[next(iter(self._numbers))]
            return new

    def __contains__(self, shortcode: str) -> bool:
        return shortcode in self._numbers


def registered(shortcode: str, *, new: bool, spaced: bool) -> dict[str, str]:
    """Return the answer to a registration. The documents join a key that others read spaced."""
    return {
        "ResponseRefID": ids.request_id(),
        "Response Status" if spaced else "ResponseStatus": "1000" if new else "1001",
        "ShortCode": shortcode,
        "ResponseDescription": (
            "Shortcode Registered Successfully" if new else "ShortCode already Registered"
        ),
    }


def answer(rows: list[dict[str, Any]], knobs: Knobs) -> dict[str, Any]:
    """Return the answer to a query. No rows and no right to pull look the same."""
    found: dict[str, Any] = {
        "ResponseRefID": ids.old_request_id(),
        "ResponseCode": "1000" if rows else "1001",
        "ResponseMessage": (
            "Success" if rows else "No records found or Organization Name not available"
        ),
    }
    if rows:
        return found | {"Response": [rows]}
    if knobs.pull_empty == "missing":
        return found
    empty: list[Any] = [[]] if knobs.pull_empty == "nested" else []
    return found | {"Response": empty}


def rows(
    moves: list[Move], outlet: Outlet, window: Window, knobs: Knobs, now: datetime
) -> list[dict[str, Any]]:
    """Return one page of the rows in a window, newest first; nothing is older than 48 h."""
    since = max(window.start, now - WINDOW)
    until = min(window.end, now - timedelta(seconds=knobs.pull_lag_seconds))
    kinds = (*PAYMENTS, "reversal", *(["sweep"] if knobs.pull_settlements else []))
    wanted = [
        move
        for move in reversed(moves)
        if move.pocket == MAIN
        and move.kind in kinds
        and since <= move.at.replace(microsecond=0) <= until
    ]
    size = knobs.pull_page_size
    first = window.offset * size if knobs.pull_offset == "page" else window.offset
    return [_row(move, outlet, knobs) for move in wanted[first : first + size]]


def _row(move: Move, outlet: Outlet, knobs: Knobs) -> dict[str, Any]:
    payment = move.payment
    at = move.at.astimezone(ids.EAT if knobs.pull_zone == "eat" else UTC)
    reference = payment.reference if payment else ""
    return {
        "transactionId": move.receipt,
        "trxDate": f"{at:%Y-%m-%dT%H:%M:%S}Z",
        "msisdn": _msisdn(move, outlet, knobs),
        "sender": "MPESA",
        "transactiontype": KINDS[
            ("payment" if move.kind in PAYMENTS else move.kind, outlet.is_till)
        ],
        "billreference": move.linked or reference,
        "amount": ids.shillings(abs(move.cents)),
        "organizationname": outlet.name,
    }


def _msisdn(move: Move, outlet: Outlet, knobs: Knobs) -> int | str:
    if not move.payment:
        return int(outlet.shortcode)
    shown = people.shown(move.payment.payer.phone, knobs.phone_form)
    return int(shown) if shown.isdigit() else shown
