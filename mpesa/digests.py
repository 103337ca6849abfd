"""Digests of what must be recognised and may not be kept. Pure."""

import hashlib


def digest(text: str | bytes) -> str:
    """Return the SHA-256 of `text` in hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()
