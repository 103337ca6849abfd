"""Identifiers in the shapes that Safaricom hands out."""

import secrets
from datetime import datetime, timedelta, timezone

EAT = timezone(timedelta(hours=3), "EAT")
RECEIPT_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DAYS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
YEAR_OF_LETTER_A = 2006


def receipt_prefix(now: datetime) -> str:
    """Return the three characters that stand for the Nairobi date: 2026-11-22 is `UKM`."""
    day = now.astimezone(EAT)
    year = chr(ord("A") + (day.year - YEAR_OF_LETTER_A) % 26)
    return year + chr(ord("A") + day.month - 1) + DAYS[day.day]


def receipt(now: datetime) -> str:
    """Return a new M-Pesa receipt: ten characters that begin with the date."""
    # Seven zeros are Safaricom's placeholder for "no transaction", hence a first digit above 0.
    first = secrets.choice(RECEIPT_ALPHABET[1:])
    rest = "".join(secrets.choice(RECEIPT_ALPHABET) for _ in range(6))
    return receipt_prefix(now) + first + rest


def checkout_request_id(now: datetime, phone: str) -> str:
    """Return a CheckoutRequestID. Its milliseconds carry no leading zeros, as at Safaricom."""
    local = now.astimezone(EAT)
    return f"ws_CO_{local:%d%m%Y%H%M%S}{local.microsecond // 1000}{phone[-9:]}"


def merchant_request_id() -> str:
    """Return a MerchantRequestID: part of a UUID with digits stuck to its end."""
    parts = (secrets.token_hex(2), secrets.token_hex(2), secrets.token_hex(2), secrets.token_hex(6))
    return "-".join(parts) + str(1_000_000 + secrets.randbelow(9_000_000))


def request_id() -> str:
    """Return the requestId of an error answer, which has the form of a MerchantRequestID."""
    return merchant_request_id()


def access_token() -> str:
    """Return a new bearer token of 28 characters."""
    return secrets.token_hex(14)
