"""The firewall in front of the gateway, which does not like bursts."""

import threading
from datetime import datetime, timedelta

BLOCKED_FOR = timedelta(seconds=5)
SECOND = timedelta(seconds=1)
CALLERS_MOST = 1_000


class Burst:
    """Counts the requests of each address within a second, and blocks who sends too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[datetime, int]] = {}
        self._blocked: dict[str, datetime] = {}

    def is_too_much(self, caller: str, most: int, now: datetime) -> bool:
        """Return whether a caller is blocked, now that it sends one more."""
        with self._lock:
            if self._blocked.get(caller, now) > now:
                return True
            since, count = self._counted.get(caller, (now, 0))
            if now - since >= SECOND:
                since, count = now, 0
            if len(self._counted) > CALLERS_MOST:
                self._counted.clear()
            self._counted[caller] = (since, count + 1)
            if count < most:
                return False
            self._blocked[caller] = now + BLOCKED_FOR
            return True
