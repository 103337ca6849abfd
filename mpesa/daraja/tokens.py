"""One access token per consumer key, for this process or for all of them.

A new token may invalidate the one before (REFERENCE 1), so nobody fetches on its own.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mpesa.credentials import Credentials
from mpesa.daraja.sealing import seal, unseal

TOKEN_MARGIN = timedelta(minutes=5)


class Fetcher(Protocol):
    """Who asks the gateway for a token: a `Daraja`."""

    url: str
    credentials: Credentials

    def fetch_token(self) -> tuple[str, int]:
        """Return (token, seconds it lives). Raises Refused."""


class TokenSource(Protocol):
    """What `Daraja` takes as `tokens`."""

    def get(self, client: Fetcher, now: datetime, *, instead_of: str = "") -> str:
        """Return a valid token; `instead_of` names one that the gateway has just refused.

        Raises Refused where none is to be had.
        """


class Tokens:
    """One token per consumer key for this process, fetched by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[str, datetime]] = {}

    def get(self, client: Fetcher, now: datetime, *, instead_of: str = "") -> str:
        """Return a valid token; `instead_of` names one that the gateway has just refused."""
        place = (client.url, client.credentials.consumer_key)
        with self._lock:
            token, expires_at = self._held.get(place, ("", now))
            if not token or token == instead_of or expires_at <= now:
                token, seconds = client.fetch_token()
                self._held[place] = (token, now + timedelta(seconds=seconds) - TOKEN_MARGIN)
            return token


TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Held:
    """A token as it lies in a store: sealed, about 200 to 2,000 characters of ASCII."""

    sealed: str
    fresh_until: datetime


class Slot(Protocol):
    """The one place for a token, while nobody else may write there."""

    @property
    def held(self) -> Held | None:
        """Return what lies there, read after the others were shut out."""

    def keep(self, held: Held) -> None:
        """Put a new token there; everybody reads it from now on."""


class TokenStore(Protocol):
    """Where all processes find the same token. A `place` is 64 characters of hex."""

    def read(self, place: str) -> Held | None:
        """Return what lies at a place, without waiting for anybody."""

    def exclusively(self, place: str) -> AbstractContextManager[Slot]:
        """Enter when nobody else is inside for this place, in any process.

        Within, a token is fetched, which may take as long as the gateway's time-out: a store in a
        database holds no transaction open meanwhile. Who died inside must not shut the others out
        for ever. Raises Refused("busy", ...) where the wait is too long.
        """


class SharedTokens:
    """One token per consumer key for all processes that share a store and SECRET_KEY.

    Fetched by one of them at a time. Sealed at rest; what cannot be opened counts as none.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    def get(self, client: Fetcher, now: datetime, *, instead_of: str = "") -> str:
        """Return a valid token; `instead_of` names one that the gateway has just refused."""
        place = place_of(client)
        if token := _usable(self._store.read(place), place, now, instead_of):
            return token
        with self._store.exclusively(place) as slot:
            # Another process may have fetched one while this one was waiting.
            if token := _usable(slot.held, place, now, instead_of):
                return token
            token, seconds = client.fetch_token()
            fresh_until = now + timedelta(seconds=seconds) - TOKEN_MARGIN
            slot.keep(Held(seal(token, purpose=_purpose(place)), fresh_until))
            return token


def place_of(client: Fetcher) -> str:
    """Return the place of a gateway and consumer key, from which neither can be read."""
    return hashlib.sha256(f"{client.url}\n{client.credentials.consumer_key}".encode()).hexdigest()


def _usable(held: Held | None, place: str, now: datetime, instead_of: str) -> str:
    """Return the token that is held, "" where it is stale, refused or cannot be opened."""
    if held is None or held.fresh_until <= now:
        return ""
    token = unseal(held.sealed, purpose=_purpose(place))
    return "" if token == instead_of else token


def _purpose(place: str) -> str:
    # A token that is moved to another place is not opened there.
    return f"daraja token {place}"


class MemoryStore:
    """A store of one process, which shows what the others have to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self.places: dict[str, Held] = {}

    def read(self, place: str) -> Held | None:
        """Return what lies at a place."""
        return self.places.get(place)

    @contextmanager
    def exclusively(self, place: str) -> Iterator["MemorySlot"]:
        """Enter when no other thread is inside for this place."""
        with self._lock:
            lock = self._locks.setdefault(place, threading.Lock())
        with lock:
            yield MemorySlot(self.places, place)


@dataclass(frozen=True, slots=True)
class MemorySlot:
    """A place in a MemoryStore, held by one thread."""

    places: dict[str, Held]
    place: str

    @property
    def held(self) -> Held | None:
        """Return what lies there."""
        return self.places.get(self.place)

    def keep(self, held: Held) -> None:
        """Put a new token there."""
        self.places[self.place] = held
