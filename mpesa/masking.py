"""Hides what must not be read in logs and on pages: phone numbers, tokens, CheckoutRequestIDs."""

import logging
import re

_CHECKOUT = re.compile(r"ws_CO_\w+")
_PHONE = re.compile(r"(?<!\d)(?:\+?254|0)([17])\d{5,6}(\d{3})(?!\d)")
_BEARER = re.compile(r"((?:Bearer|Basic)\s+)[\w.+/=-]+", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    r'("(?:Password|SecurityCredential|access_token|Passkey)"\s*:\s*")[^"]*"', re.IGNORECASE
)
_CALLBACK = re.compile(r"(/cb/)[\w-]+(/\w[\w-]*/?)(?:[\w-]{16,})?")


def mask_phone(phone: str) -> str:
    """Return a phone with its last three digits only: "254712345678" becomes "2547…678"."""
    return f"{phone[:4]}…{phone[-3:]}" if len(phone) > 7 else "…"  # noqa: PLR2004


def mask(text: str) -> str:
    """Return `text` with phones, callback secrets, tokens and CheckoutRequestIDs hidden."""
    text = _CHECKOUT.sub("ws_CO_…", text)
    text = _BEARER.sub(r"\1…", text)
    text = _SECRET_FIELD.sub(r'\1…"', text)
    text = _CALLBACK.sub(r"\1…\2…", text)
    return _PHONE.sub(r"254\1…\2", text)


class MaskingFilter(logging.Filter):
    """Masks a log record's finished message, exceptions included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True
