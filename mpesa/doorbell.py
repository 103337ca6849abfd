"""The doorbell: an edge presses it when a row waits, whoever runs the queue listens.

Pressing is only a hint: it never blocks, never fails and may be lost. The rows are the truth, and
the sweep finds what no bell announced. This floor does not know the queues; the ringer thread of
`periodic` waits here and turns presses into tasks.
"""

import threading


class Doorbell:
    """Remembers that it was pressed until somebody has heard it."""

    def __init__(self) -> None:
        self._pressed = threading.Event()

    def press(self) -> None:
        """Wake the listener of this process, if there is one."""
        self._pressed.set()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for a press and clear it; False where none came within the time."""
        heard = self._pressed.wait(timeout_seconds)
        if heard:  # a press just after the time was over is kept for the next wait
            self._pressed.clear()
        return heard


payments = Doorbell()
# Statement files wait to be brought in.
statements = Doorbell()
