"""Consumer keys, passkeys and bearer tokens of one world."""

import base64
import hmac
import threading
from datetime import datetime, timedelta

from mpesa.simulator import ids
from mpesa.simulator.payloads import TOKEN_SECONDS

CONSUMER_KEY = "simulator-key"
CONSUMER_SECRET = "simulator-secret"  # noqa: S105 it opens nothing but this simulator
# Safaricom publishes this one for its sandbox.
PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
TOKENS_KEPT = 1_000
CREDENTIALS_MOST = 1_000


class TooMany(ValueError):
    """The simulator keeps no more credentials than this."""


class Access:
    """Who may call, and with which password."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets = {CONSUMER_KEY: CONSUMER_SECRET}
        self._passkeys: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def add_app(self, key: str, secret: str) -> None:
        """Accept one more consumer key, or give a known one a new secret."""
        with self._lock:
            _make_room_or_refuse(self._secrets, key)
            self._secrets[key] = secret

    def set_passkey(self, shortcode: str, passkey: str) -> None:
        """Give a shortcode a passkey of its own in place of the published one."""
        with self._lock:
            _make_room_or_refuse(self._passkeys, shortcode)
            self._passkeys[shortcode] = passkey

    def grant(self, key: str, secret: str, now: datetime, *, end_others: bool) -> str | None:
        """Return a new token, or None for wrong credentials; perhaps end the app's older ones."""
        with self._lock:
            known = self._secrets.get(key)
            if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
                return None
            if end_others:
                self._tokens = {t: held for t, held in self._tokens.items() if held[0] != key}
            token = ids.access_token()
            self._tokens[token] = (key, now + timedelta(seconds=TOKEN_SECONDS))
            while len(self._tokens) > TOKENS_KEPT:
                del self._tokens[next(iter(self._tokens))]
            return token

    def is_good(self, token: str, now: datetime) -> bool:
        """Return whether a bearer token is in force."""
        with self._lock:
            held = self._tokens.get(token)
            return held is not None and now < held[1]

    def password_fits(self, shortcode: str, timestamp: str, password: str) -> bool:
        """Return whether a password is base64(shortcode + passkey + timestamp)."""
        with self._lock:
            passkey = self._passkeys.get(shortcode, PASSKEY)
        right = base64.b64encode(f"{shortcode}{passkey}{timestamp}".encode())
        return hmac.compare_digest(right, password.encode())

    def as_json(self) -> dict[str, list[str]]:
        """Return which keys and shortcodes are known, without their secrets."""
        with self._lock:
            return {"consumer_keys": list(self._secrets), "own_passkeys": list(self._passkeys)}


def _make_room_or_refuse(known: dict[str, str], name: str) -> None:
    if name not in known and len(known) >= CREDENTIALS_MOST:
        raise TooMany(f"There are {CREDENTIALS_MOST} of these already: reset the simulator first.")
