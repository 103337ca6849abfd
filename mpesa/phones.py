"""Kenyan mobile numbers as people type them, and as Safaricom wants them."""

import re

_DIGITS = re.compile(r"(?:\+?254|0)?([17]\d{8})")


class NotAPhone(ValueError):
    """The text is not a Kenyan mobile number; the message says what to type."""


def parse_phone(text: str) -> str:
    """Return "2547..." or "2541..." (12 digits) for 07.., 01.., 7.., 2547.. or +254 7..

    Raises NotAPhone. Prefixes are no proof of the network: numbers are ported (REFERENCE 2.1).
    """
    cleaned = re.sub(r"[\s()./-]", "", text)
    match = _DIGITS.fullmatch(cleaned) if cleaned.isascii() else None
    if not match:
        raise NotAPhone("Write the phone as 0712 345 678, 0110 345 678 or 254712345678.")
    return f"254{match[1]}"
