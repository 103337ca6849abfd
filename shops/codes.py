"""What is typed into the counter's search: words, a code from a pack, how many of it. Pure."""

import re
from contextlib import suppress
from dataclasses import dataclass

from money.cents import NotAQuantity, parse_quantity

LONGEST_CODE = 48
_CODE = re.compile(rf"[!-~]{{3,{LONGEST_CODE}}}")
_UPC_DIGITS = 12
# Digits alone, six or more: nobody types that to find a name.
_SCANNED = re.compile(r"\d{6,}")
_BEFORE = re.compile(r"(\d[\d.]*)\s*\*\s*(.*)")
_AFTER = re.compile(r"(.*?)\s*\*\s*(\d[\d.]*)")


class NotACode(ValueError):
    """The text cannot stand on a pack as a code; the message tells its typist what can."""


class NothingFound(Exception):
    """Nothing that is on sale has the code or the name; nothing was added."""

    def __init__(self, words: str) -> None:
        kind = "has the code" if is_scanned(words) else "is called"
        super().__init__(f"Nothing on sale here {kind} “{words}”. Nothing was added.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to find, and how many thousandths of it; None where nothing was said."""

    words: str
    milli: int | None


def normal_code(text: str) -> str:
    """Return a code as it is kept: one of 12 digits is one of 13 with a 0 in front.

    Some scanners send the 0 and some do not.
    """
    code = text.strip()
    return f"0{code}" if code.isascii() and code.isdigit() and len(code) == _UPC_DIGITS else code


def read_codes(text: str) -> list[str]:
    """Return the codes of a text, one a line, each once. Raises NotACode."""
    codes: list[str] = []
    for line in text.splitlines():
        code = normal_code(line)
        if not code or code in codes:
            continue
        # A star says how many at the counter.
        if not _CODE.fullmatch(code) or "*" in code:
            raise NotACode(
                f"“{code[:60]}” is no code: 3 to {LONGEST_CODE} letters, digits and signs,"
                " without spaces and stars."
            )
        codes.append(code)
    return codes


def is_scanned(words: str) -> bool:
    """Tell whether words are a code whatever they match: they never stand for a name."""
    return words.isascii() and _SCANNED.fullmatch(words) is not None


def read_wanted(text: str) -> Wanted:
    """Return what "3*maize", "maize*3", "0.75 * 6161100000377" or "maize" asks for."""
    text = text.strip()
    for pattern, words, quantity in ((_BEFORE, 2, 1), (_AFTER, 1, 2)):
        if found := pattern.fullmatch(text):
            with suppress(NotAQuantity):
                return Wanted(found[words].strip(), parse_quantity(found[quantity]))
    return Wanted(text, None)
