"""A row of the pull API, by which missed payments are found. REFERENCE 4.8."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from mpesa.payloads.scalars import (
    NAIROBI,
    parse_balance,
    parse_time,
    parse_transaction_id,
    scalar,
    without_spaces,
)

MOST_TEXT = 100
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?!\d)")
_PAYMENT = re.compile(r"c2b-.*-debit")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRow:
    """A transaction of a shortcode; only some kinds are payments.

    The Z of its time is not trustworthy: `wall` reads the digits as Nairobi's, `as_utc` as UTC's.
    Compare a receipt whose time is known to tell which is right; both are None for no time.
    `amount_cents` may be negative for what is no payment.
    """

    receipt: str
    amount_cents: int
    wall: datetime | None
    as_utc: datetime | None
    msisdn: str
    kind: str
    is_payment: bool
    is_reversal: bool
    is_settlement: bool
    account_reference: str
    sender: str


def parse_pull_row(row: object) -> PullRow | None:
    """Return a row that `parse_object` has read, None where it has no receipt or no amount."""
    data = {name.lower(): value for name, value in without_spaces(row).items()}
    receipt = parse_transaction_id(scalar(data, "transactionid"))
    amount_cents = parse_balance(scalar(data, "amount"))
    if not receipt or amount_cents is None:
        return None
    kind = scalar(data, "transactiontype")[:MOST_TEXT]
    lowered = kind.lower()
    is_reversal = "reversal" in lowered
    wall = _time_of(scalar(data, "trxdate"))
    return PullRow(
        receipt=receipt,
        amount_cents=amount_cents,
        wall=wall,
        as_utc=wall.replace(tzinfo=UTC) if wall else None,
        msisdn=scalar(data, "msisdn")[:MOST_TEXT],
        kind=kind,
        is_payment=bool(_PAYMENT.fullmatch(lowered)) and not is_reversal and amount_cents > 0,
        is_reversal=is_reversal,
        is_settlement="settlement" in lowered,
        account_reference=scalar(data, "billreference")[:MOST_TEXT],
        sender=scalar(data, "sender")[:MOST_TEXT],
    )


def _time_of(text: str) -> datetime | None:
    """Return the digits of "2026-11-22T10:15:47Z", or of a 14-digit time, read as Nairobi's."""
    match = _TIME.match(text) if text.isascii() else None
    found = parse_time("".join(match.groups()) if match else text)
    return found.replace(tzinfo=NAIROBI) if found else None
