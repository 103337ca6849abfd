"""Odd requests at every callback address of real processes: no 500, nothing posted, all answered.

What Django's test client cannot send: wrong lengths, chunks, pauses, half a request.
"""

import contextlib
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from tests.journeys.house import House

WORDS = ("stk", "stk/guessed", "check", "confirm", "result/guessed", "timeout/guessed")
SECONDS = 40
BODIES = (
    b"",
    b"{}",
    b"[" * 10_000,
    b"\xff\xfe\x00",
    b'{"Body": NaN}',
    b'{"TransAmount": ' + b"9" * 5_000 + b"}",
    b'{"TransID": "\\ud800\\u0000"}',
    b"x" * 70_000,
)
TYPES = (b"application/json", b"text/xml", b"multipart/form-data; boundary=x", b"\xc3\xbc/x", b"")
HEAD = b"%s /cb/%s/%s HTTP/1.1\r\nHost: duka\r\nConnection: close\r\nContent-Type: %s\r\n"
METHODS = (b"POST",) * 6 + (b"GET", b"PUT", b"DELETE", b"BREW")


class Odd:
    """Throws requests at one house, and remembers every answer."""

    def __init__(self, house: House, secret: str, seed: int) -> None:
        self.house, self.secret, self.chance = house, secret, random.Random(seed)
        self.statuses: dict[int, int] = {}

    def throw(self, count: int) -> None:
        """Send `count` requests, eight at once; the slow and the huge ones are few."""
        with ThreadPoolExecutor(8) as pool:
            for status in pool.map(self.send, [self.request(n) for n in range(count)]):
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def request(self, number: int) -> list[bytes]:
        """Return the pieces of a request, which are sent with a pause between them."""
        choose = self.chance.choice
        secret = self.secret if self.chance.random() < 0.8 else choose(["0" * 40, "x%00", "%ff"])
        body = b"x" * 10_000_000 if number % 100 == 7 else choose(BODIES)
        head = HEAD % (
            choose(METHODS),
            secret.encode(),
            choose(WORDS).encode(),
            choose(TYPES),
        )
        way = number % 10
        if way == 0:
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:9], body[9:]) if p)
            return [head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"]
        if way == 1:
            return [head + b"Content-Length: %s\r\n\r\n" % choose([b"-1", b"x", b"1e3"]) + body]
        whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        if way == 2:
            return [whole[:40], whole[40 : len(head) + 30], whole[len(head) + 30 :]]
        if way == 3:
            return [whole[: len(whole) * 2 // 3]]
        return [whole]

    def send(self, pieces: list[bytes]) -> int:
        """Return the status of the answer; 0 where the connection was closed without one."""
        with contextlib.closing(
            socket.create_connection(("127.0.0.1", self.house.port), timeout=SECONDS)
        ) as wire:
            try:
                for place, piece in enumerate(pieces):
                    if place:
                        time.sleep(0.3)
                    wire.sendall(piece)
                with contextlib.suppress(OSError):  # it may have answered and hung up already
                    wire.shutdown(socket.SHUT_WR)
                answer = wire.recv(64)
            except OSError:
                return 0
        parts = answer.split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def throw_at(house: House, secret: str, count: int, seed: int) -> list[str]:
    """Throw, let the worker read what was kept, and return what is wrong."""
    posted = "SELECT count(*) FROM money_entry"
    before = house.value(posted)
    odd = Odd(house, secret, seed)
    odd.throw(count)
    house.run_code("from periodic import tasks; tasks.take_in.call_local()")
    waiting = house.value("SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'waiting'")
    told = ", ".join(f"{status or 'none'}: {n:,}" for status, n in sorted(odd.statuses.items()))
    print(f"  odd requests {count:,} to waitress, answers {told}")
    checks = {
        "an odd request was answered by 500": not any(s in odd.statuses for s in (500, 502, 503)),
        "an odd request posted something": house.value(posted) == before,
        "an odd message was not understood": waiting == 0,
        "the web server died of an odd request": house.answers("/healthz"),
    }
    return [what for what, is_right in checks.items() if not is_right]
