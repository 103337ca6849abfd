"""Payers' phones in the forms that Safaricom sends (REFERENCE 3.4), and a key for regulars."""

import hashlib
import hmac
import re
from enum import Enum
from typing import NamedTuple

from mpesa.phones import NotAPhone, parse_phone

# What could be enumerated by anybody is a phone still: it gets a key of ours, like a phone.
_HASHED = re.compile(r"[0-9a-f]{64}")
_HASHED_MASKED = re.compile(r"([0-9a-f]{8,60})\s*\*+\s*([0-9a-f]{8,60})")
# "2547 ***** 126", "25470****111", "0722XXXXXX", "0722000***".
_MASKED = re.compile(r"\+?[0-9]{2,9}[*x]{2,}[0-9]{0,6}")


class PhoneKind(Enum):
    NONE = "none"
    FULL = "full"
    MASKED = "masked"
    HASHED = "hashed"
    HASHED_MASKED = "hashed-masked"
    # An organisation's number, or something new.
    OTHER = "other"


class PhoneForm(NamedTuple):
    """A kind and a text: 254 and nine digits for FULL, small letters for hashes, else as sent."""

    kind: PhoneKind
    text: str


def phone_form(msisdn: str) -> PhoneForm:
    """Return which form of a phone a text is; it never raises."""
    text = msisdn.strip()
    lowered = text.lower()
    if not text:
        return PhoneForm(PhoneKind.NONE, "")
    if _HASHED.fullmatch(lowered):
        return PhoneForm(PhoneKind.HASHED, lowered)
    try:
        return PhoneForm(PhoneKind.FULL, parse_phone(text))
    except NotAPhone:
        pass
    if _MASKED.fullmatch("".join(lowered.split())):
        return PhoneForm(PhoneKind.MASKED, text)
    if _HASHED_MASKED.fullmatch(lowered):
        return PhoneForm(PhoneKind.HASHED_MASKED, lowered)
    return PhoneForm(PhoneKind.OTHER, text)


def payer_key(msisdn: str, secret: str) -> str:
    """Return a key that tells one payer from another without saying who they are; at most 66 long.

    A full phone and its SHA-256 give the same key. A masked form fits many people: its key begins
    with "m:", and is a hint, never an identity; so does that of a masked hash. What is no phone
    begins with "o:". Nothing gives "".
    """
    kind, text = phone_form(msisdn)
    if kind is PhoneKind.NONE:
        return ""
    if kind is PhoneKind.FULL:
        return _keyed(hashlib.sha256(text.encode()).hexdigest(), secret)
    if kind is PhoneKind.HASHED:
        return _keyed(text, secret)
    if kind is PhoneKind.OTHER:
        return f"o:{_keyed(' '.join(text.lower().split()), secret)}"
    return f"m:{_keyed(_same_mask(text), secret)}"


def _same_mask(text: str) -> str:
    """Return a mask without its spaces, its asterisks counted as one."""
    return re.sub(r"[*x]+", "*", "".join(text.lower().split()))


def _keyed(text: str, secret: str) -> str:
    # What Safaricom sends is stored without half surrogates, but a caller may have them.
    data = text.encode(errors="surrogatepass")
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
