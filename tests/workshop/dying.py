"""The product's settings for a process that is killed at one step of its way: for real processes.

Python tells an audit hook of a step on the disk, or of a process to begin, just before it is done.
DIES_AT names the step: the event, a part of what is worked on, and which of those that match, as
in "os.rename /spool/ 1". There the process gets a SIGKILL, once: VAR/died says that it was. So no
function of the product is replaced, and the moment is the same each time.
"""

import os
import signal
import sys
from pathlib import Path

from erp.settings import *  # noqa: F403, TID251 this is a settings module of tests
from erp.settings import VAR  # noqa: TID251

DIED = Path(VAR) / "died"


def die_at(event: str, part: str, number: int) -> None:
    """Have this process, and those that it forks, killed before a step."""
    left = number

    def hook(heard: str, told: tuple[object, ...]) -> None:
        nonlocal left
        # What is worked on comes first; an environment may stand behind it.
        if heard != event or not any(part in str(one) for one in told[:2]):
            return
        left -= 1
        if left == 0 and not DIED.exists():
            DIED.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if wanted := os.environ.get("DIES_AT"):
    _event, _part, _number = wanted.split()
    die_at(_event, _part, int(_number))
