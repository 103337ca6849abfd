"""Brings one message to its address."""

from datetime import datetime

import httpx

from mpesa.simulator.prompts import Delivery

TIMEOUT_SECONDS = 5.0
JSON = "application/json"
CONTENT_TYPES = {
    "json": JSON,
    "text": "text/plain",
    "xml": "text/xml",
    "form": "application/x-www-form-urlencoded",
    "none": "",
}


class Courier:
    """Posts messages. Like Safaricom it follows no redirect."""

    def __init__(self) -> None:
        # A kept connection may be closed by the receiver at any moment, which would look like a
        # lost callback; and a proxy of the surroundings has no business with loopback.
        self._client = httpx.Client(
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            headers={"User-Agent": "daraja-simulator"},
        )

    def post(
        self,
        url: str,
        body: bytes,
        at: datetime,
        *,
        content_type: str = JSON,
        seconds: float = TIMEOUT_SECONDS,
    ) -> Delivery:
        """Post one message and return what came of it."""
        headers = {"Content-Type": content_type} if content_type else {}
        try:
            answer = self._client.post(url, content=body, headers=headers, timeout=seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return Delivery(at=at, status=None, error=f"{type(problem).__name__}: {problem}")
        return Delivery(at=at, status=answer.status_code, error=None, answer=answer.content)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()
