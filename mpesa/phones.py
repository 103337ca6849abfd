"""Kenyan mobile numbers as people type them, and as Safaricom wants them."""

import hashlib
import re
from typing import NamedTuple

# What hides the middle of a phone, or of its hash: ours, Safaricom's, and forms seen since 2026.
_HIDDEN = re.compile(r"\s*(?:…|[*Xx]{3,})\s*")
# Three digits at least have to be seen; a hash shows more.
_LEAST_SHOWN = 3
_LINES_NAMED = 10
_DIGITS = re.compile(r"(?:\+?254|0)?([17]\d{8})")


class NotAPhone(ValueError):
    """The text is not a Kenyan mobile number; the message says what to type."""


class NotPhones(ValueError):
    """Some lines are no phones; the message names their numbers, not what stands there."""


class NumberedPhone(NamedTuple):
    """A phone of a text, 254 and nine digits, and the number of its line, from 1."""

    line: int
    number: str


def parse_phone(text: str) -> str:
    """Return "2547..." or "2541..." (12 digits) for 07.., 01.., 7.., 2547.. or +254 7..

    Raises NotAPhone. Prefixes are no proof of the network: numbers are ported (REFERENCE 2.1).
    """
    cleaned = re.sub(r"[\s()./-]", "", text)
    match = _DIGITS.fullmatch(cleaned) if cleaned.isascii() else None
    if not match:
        raise NotAPhone("Write the phone as 0712 345 678, 0110 345 678 or 254712345678.")
    return f"254{match[1]}"


def parse_lines(text: str) -> list[NumberedPhone]:
    """Return the phones of a text with one per line, each once, where it stands first.

    Blank lines are left out, and count. Raises NotPhones, which names lines and repeats none.
    """
    found: dict[str, NumberedPhone] = {}
    bad: list[int] = []
    for line, typed in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not typed.strip():
            continue
        try:
            number = parse_phone(typed)
        except NotAPhone:
            bad.append(line)
        else:
            found.setdefault(number, NumberedPhone(line, number))
    if bad:
        raise NotPhones(_sentence_about(bad))
    return list(found.values())


def _sentence_about(lines: list[int]) -> str:
    named = [str(line) for line in lines[:_LINES_NAMED]]
    if more := len(lines) - len(named):
        named.append(f"{more} more")
    *first, last = named
    which = f"Line {last} is no phone."
    if first:
        which = f"Lines {', '.join(first)} and {last} are no phones."
    return f"{which} Write each as 0712 345 678, 0110 345 678 or 254712345678."


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
