"""Hides what must not be read in logs and on pages: phone numbers, tokens, CheckoutRequestIDs."""

import logging
import re

_CHECKOUT = re.compile(r"ws_CO_\w+")
# Also as people group it: 0712 345 678, +254 712-345-678.
_PHONE = re.compile(
    r"(?<!\d)(?:\+?254[ -]?0?|0)[ -]?([17])(?:[ -]?\d){5}[ -]?(\d[ -]?\d[ -]?\d)(?!\d)"
)
_BEARER = re.compile(r"((?:Bearer|Basic)\s+)[\w.~+/=-]+", re.IGNORECASE)
_HIDDEN = (
    "(?:(?:Initiator_?)?Password|Security_?Credential|access_?token|Passkey"
    "|consumer_?(?:key|secret))"
)
# In JSON, in a dict's repr, and in JSON within JSON.
_SECRET_FIELD = re.compile(
    rf"""({_HIDDEN}\\?["']\s*:\s*\\?["'])[^"'\\]+""",
    re.IGNORECASE,
)
# In a form, in a dataclass's repr, and in the environment.
_SECRET_ASSIGNED = re.compile(rf"""({_HIDDEN}=["']?)[^\s"'&,;)]+""", re.IGNORECASE)
# Safaricom repeats the token that it refuses (REFERENCE 1).
_REFUSED_TOKEN = re.compile(r"(Invalid Access Token\s*[-:]\s*)[^\s\"'\\]+", re.IGNORECASE)
# The hash of a phone is found by counting through all phones: it is a phone (REFERENCE 3.4).
_HASHED_PHONE = re.compile(
    r"""((?:MSISDN|PhoneNumber|Party[AB])\\?["']\s*:\s*\\?["'])[0-9a-f]{8}[0-9a-f* ]{20,}""",
    re.IGNORECASE,
)
_CALLBACK = re.compile(r"/cb/[^/\s\"'?#]+(/[a-z]{1,10}(?![\w-]))?(/[^\s\"'?#]+)?")


def mask_phone(phone: str) -> str:
    """Return a phone with its last three digits only: "254712345678" becomes "2547…678"."""
    return f"{phone[:4]}…{phone[-3:]}" if len(phone) > 7 else "…"  # noqa: PLR2004


def mask(text: str) -> str:
    """Return `text` with phones, callback secrets, tokens and CheckoutRequestIDs hidden."""
    text = _CHECKOUT.sub("ws_CO_…", text)
    text = _BEARER.sub(r"\1…", text)
    text = _SECRET_FIELD.sub(r"\1…", text)
    text = _SECRET_ASSIGNED.sub(r"\1…", text)
    text = _HASHED_PHONE.sub(r"\1…", text)
    text = _REFUSED_TOKEN.sub(r"\1…", text)
    text = _CALLBACK.sub(lambda m: f"/cb/…{m[1] or ''}{'/…' if m[2] else ''}", text)
    return _PHONE.sub(r"254\1…\2", text)


class MaskingFilter(logging.Filter):
    """Masks a log record's finished message, exceptions included."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 a wrong format in a log call must not fail its caller
            message = f"{record.msg} {record.args}"
        record.msg, record.args = mask(message), ()
        if record.exc_info:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True
