"""What every form sends: a one-time key, and ids of rows. Pure."""

import re

MOST_DIGITS_OF_AN_ID = 18
_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")


def is_form_key(text: str) -> bool:
    """Tell whether `text` is a one-time key as our pages make them."""
    return _KEY.fullmatch(text) is not None


def id_of(text: str) -> int:
    """Return the id that `text` is, as a 64-bit column holds it; 0, which no row has, for none."""
    is_id = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS_OF_AN_ID
    return int(text) if is_id else 0
