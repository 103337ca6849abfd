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


def placeholder(now: datetime) -> str:
    """Return the receipt that stands for no transaction: the date and seven zeros."""
    return receipt_prefix(now) + "0000000"


def shillings(cents: int) -> str:
    """Return cents as Safaricom writes shillings: 1500.00."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def fourteen(at: datetime) -> str:
    """Return a moment as 14 digits in Nairobi's time."""
    return f"{at.astimezone(EAT):%Y%m%d%H%M%S}"


def conversation_id(now: datetime) -> str:
    """Return a ConversationID. Its tail is not always hexadecimal, as at Safaricom."""
    tail = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(16))
    return f"AG_{now.astimezone(EAT):%Y%m%d}_2010{tail}"


def old_request_id() -> str:
    """Return an id in the older style: 29115-34620561-1."""
    return f"{10_000 + secrets.randbelow(90_000)}-{10_000_000 + secrets.randbelow(90_000_000)}-1"


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
