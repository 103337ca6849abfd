"""A band on every staff page where nobody works on a queue: the web server notices by itself.

It costs a process one small query per ten seconds, whatever is asked of it.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from periodic.queries.readiness import workers

log = logging.getLogger(__name__)

KEPT_SECONDS = 10.0


class Watch:
    """Remembers for a while what `look` said."""

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._sentence = ""
        self.kept_until = 0.0

    def sentence(self) -> str:
        """Return what is wrong, or nothing; while one looks, others get what was said before."""
        if time.monotonic() >= self.kept_until and self._lock.acquire(blocking=False):
            try:
                self.kept_until = time.monotonic() + KEPT_SECONDS
                self._sentence = self._look()
            except DatabaseError:
                log.warning("the workers cannot be looked for")
            finally:
                self._lock.release()
        return self._sentence


watch = Watch(lambda: workers(timezone.now()))


def band(request: HttpRequest) -> dict[str, object]:
    """Put `band` into every template; only pages that show it to somebody signed in look."""
    return {"band": SimpleLazyObject(watch.sentence)}
