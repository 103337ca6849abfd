"""Kenyan mobile numbers as people type them, and as Safaricom wants them."""

import hashlib
import re

# What hides the middle of a phone, or of its hash: ours, Safaricom's, and forms seen since 2026.
_HIDDEN = re.compile(r"\s*(?:…|[*Xx]{3,})\s*")
# Three digits at least have to be seen; a hash shows more.
_LEAST_SHOWN = 3
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


def phone_fits(shown: str, phone: str) -> bool:
    """Tell whether `phone` (254 and nine digits) may be the one that is shown masked or hashed.

    "2547 ***** 126", "0722000***", SHA-256 in hex, or that with its middle hidden (REFERENCE 3.3).
    """
    head, *rest = _HIDDEN.split(shown.strip().lower())
    tail = rest[0] if rest else ""
    if not shown or len(rest) > 1 or (rest and len(head + tail) <= _LEAST_SHOWN):
        return False
    forms = (phone, f"0{phone[3:]}", hashlib.sha256(phone.encode()).hexdigest())
    return any(
        form.startswith(head) and form.endswith(tail) if rest else form == head for form in forms
    )
