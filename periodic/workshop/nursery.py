"""The process that forks: it has loaded everything, has one thread and no connection.

A worker has threads and connections, which no process may fork with; and a fresh interpreter would
cost every job a second and 60 MB. So each worker keeps one nursery, which forks a process per
attempt within milliseconds, most of its memory shared. The worker forks it from itself before its
first thread begins, which shares their memory as well; one that died is followed by a process that
loads everything anew. It takes orders of 12 bytes over a socket, each with the socket of its
attempt, and ends with its worker: whatever it forked goes first.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connections

from periodic import kinds
from periodic.queues import QUEUES
from periodic.workshop.child import be_a_child, find

ORDER = struct.Struct("!QI")


class Nursery:
    """The worker's end: starts the process when it is first needed, and again where it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | _Forebear | None = None
        self._control: socket.socket | None = None

    def fork(self) -> bool:
        """Begin the process as a fork of this one; False, and nothing done, where threads run.

        Closes the connections of this process, which open again when they are needed: none may be
        used on both sides. What is loaded by now is shared, so that a worker and its nursery
        together need little more memory than one of them.
        """
        if threading.active_count() > 1 or self._process is not None:
            return False
        for queue in QUEUES.values():
            queue.storage.close()
        _make_ready()
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _serve_and_end(theirs)
        theirs.close()
        self._control, self._process = ours, _Forebear(pid)
        return True

    def begin(self, job_id: int, attempt: int) -> socket.socket:
        """Have an attempt begun; returns the socket on which it is heard until it is gone.

        Raises OSError where no process can be started.
        """
        ours, theirs = socket.socketpair()
        order = ORDER.pack(job_id, attempt)
        try:
            with self._lock:
                if self._process is None or self._process.poll() is not None:
                    self._start()
                assert self._control
                socket.send_fds(self._control, [order], [theirs.fileno()])
        except OSError:
            ours.close()
            self.close()
            raise
        finally:
            theirs.close()
        return ours

    def _start(self) -> None:
        self._forget()
        self._control, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(  # noqa: S603 our own command
                [sys.executable, str(settings.HOUSE / "manage.py"), "fork_jobs"],
                stdin=other.fileno(),
            )

    def close(self) -> None:
        """End the process and everything that it forked, and wait until they are gone."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None


class _Forebear:
    """A nursery that was forked, in the words of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self._code = -1
            else:
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until and time.monotonic() > until:
                raise subprocess.TimeoutExpired("nursery", timeout or 0)
            time.sleep(0.02)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _serve_and_end(control: socket.socket) -> NoReturn:
    """Be a forked nursery: nothing of the worker's is done in it, neither its end nor its exit."""
    code = 1
    try:
        serve(control)
        code = 0
    except BaseException:  # noqa: BLE001 whatever it was, this process ends here
        traceback.print_exc()
    finally:
        os._exit(code)


class _Forked:
    """What the nursery forked and did not bury yet: pid to the socket of its attempt."""

    def __init__(self) -> None:
        self.lines: dict[int, socket.socket] = {}

    def fork(self, line: socket.socket, control: socket.socket, order: tuple[int, int]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            # Held open here, another's socket would never seem closed to its watcher.
            for other in (control, *self.lines.values()):
                other.close()
            be_a_child(parent, line, *order)
        self.lines[pid] = line

    def bury(self) -> None:
        """Reap who died; what is left of its group goes first, and its watcher hears the end last.

        Until it is reaped, neither its id nor that of its group can be another's.
        """
        while True:
            try:
                died = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if died is None:
                return
            self._kill(died.si_pid)
            os.waitpid(died.si_pid, 0)
            if line := self.lines.pop(died.si_pid, None):
                line.close()

    def kill_all(self) -> None:
        for pid in list(self.lines):
            self._kill(pid)
            os.waitpid(pid, 0)

    @staticmethod
    def _kill(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def serve_standard_input() -> None:
    """Be the nursery on the socket that is our standard input."""
    _make_ready()
    serve(socket.socket(fileno=os.dup(0)))


def _make_ready() -> None:
    """Load, and do once, what every attempt would do anew; keep no connection."""
    kinds.load()
    with contextlib.suppress(DatabaseTrouble):  # the attempts find out by themselves
        find(0, 0)
    connections.close_all()
    gc.collect()
    gc.freeze()  # or the next collection would write to every page that is shared


def serve(control: socket.socket) -> None:
    """Be the nursery, on its end of the control socket, until the worker closes the other."""
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    # A terminal's Ctrl-C, or a TERM to a whole group, is the worker's matter: it closes our socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    waker, woken = socket.socketpair()
    for one in (waker, woken):
        one.setblocking(False)  # noqa: FBT003 the socket's own signature
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    forked = _Forked()
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while _turn(selector, control, woken, forked):
                pass
    finally:
        forked.kill_all()


def _turn(
    selector: selectors.BaseSelector,
    control: socket.socket,
    woken: socket.socket,
    forked: _Forked,
) -> bool:
    """Wait for an order or a death and see to it; False once the worker is gone."""
    ready = {key.fileobj for key, _ in selector.select()}
    if woken in ready:
        with contextlib.suppress(BlockingIOError):
            woken.recv(4096)
    forked.bury()
    if control not in ready:
        return True
    try:
        order, fds, _, _ = socket.recv_fds(control, ORDER.size, 1)
    except OSError:
        return False
    if len(order) < ORDER.size or not fds:
        return False
    os.set_inheritable(fds[0], False)  # noqa: FBT003 the name says it
    job_id, attempt = ORDER.unpack(order)
    forked.fork(socket.socket(fileno=fds[0]), control, (job_id, attempt))
    return True
