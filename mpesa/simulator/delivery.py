"""Brings callbacks to their addresses."""

from datetime import datetime

import httpx

from mpesa.simulator.prompts import Delivery

TIMEOUT_SECONDS = 5.0


class Courier:
    """Posts callbacks. Like Safaricom it follows no redirect and tries each delivery once."""

    def __init__(self) -> None:
        # A kept connection may be closed by the receiver at any moment, which would look like a
        # lost callback; and a proxy of the surroundings has no business with loopback.
        self._client = httpx.Client(
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            headers={"User-Agent": "daraja-simulator", "Content-Type": "application/json"},
        )

    def post(self, url: str, body: bytes, at: datetime) -> Delivery:
        """Post one callback and return what came of it."""
        try:
            answer = self._client.post(url, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return Delivery(at=at, status=None, error=f"{type(problem).__name__}: {problem}")
        return Delivery(at=at, status=answer.status_code, error=None)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()
