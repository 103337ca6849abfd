"""Account references as customers type them. REFERENCE 6 and 8."""

import re

_NOT_PLAIN = re.compile(r"[^A-Z0-9]")
_LOOK_ALIKES = str.maketrans("OIL", "011")


def normalise_reference(text: str) -> str:
    """Return a reference in capitals, letters and digits only: " inv-000 123" is "INV000123"."""
    return _NOT_PLAIN.sub("", text.upper())


def same_reference(one: str, other: str) -> bool:
    """Say whether two references may be the same, O taken for 0, and I and L for 1.

    A reference without letters and digits is like none. What is the same here may still be two
    references of ours: where it matters, the exact one goes first.
    """
    folded = normalise_reference(one).translate(_LOOK_ALIKES)
    return folded != "" and folded == normalise_reference(other).translate(_LOOK_ALIKES)
