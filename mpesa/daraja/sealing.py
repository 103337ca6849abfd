"""Seals what must not be readable where it lies: Fernet under a key made of SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str, *, purpose: str) -> str:
    """Return `text` encrypted and signed for one purpose, as ASCII text."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return what was sealed for this purpose, "" where the key is another or the text is none.

    Keys of SECRET_KEY_FALLBACKS still open what they sealed.
    """
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        return ""


def _fernet(purpose: str) -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_key(key, purpose)) for key in keys])


def _key(secret: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"duka {purpose}".encode())
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
