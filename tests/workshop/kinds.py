"""Kinds of jobs for tests with real processes: each leaves a line under its job's key."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from money.access import Ability
from periodic.forms import KindForm
from periodic.kinds import Call, Kind, Outcome, WillNotHeal, register
from periodic.models import Mail


def note(call: Call, *words: object) -> None:
    """Append a line to a file that the test reads."""
    folder = Path(settings.VAR) / "notes"
    folder.mkdir(exist_ok=True)
    with (folder / call.key.replace(":", "-")).open("a") as file:
        file.write(" ".join(map(str, (os.getpid(), *words))) + "\n")


def effect(call: Call) -> bool:
    """Do once what is to be done once: a row under the job's key."""
    _, is_new = Mail.objects.get_or_create(
        key=f"effect:{call.key}",
        defaults={
            "to": "nobody@example.com",
            "subject": "An effect",
            "body": "",
            "written_at": timezone.now(),
            # A day away: the mails of this table are not to be sent.
            "next_try_at": timezone.now() + timedelta(days=1),
        },
    )
    return is_new


def sleep(call: Call) -> Outcome:
    """Tick for so many tenths of a second, then leave the effect."""
    tenths = int(call.parameters["tenths"] or 0)
    note(call, "began")
    for done in range(tenths):
        call.tick(done, tenths, "Asleep")
        time.sleep(0.1)
    call.tick(tenths, tenths)
    note(call, "effect" if effect(call) else "done already")
    return Outcome("Slept well.")


def stubborn(call: Call) -> Outcome:
    """Hear no tick and no signal, with a child of its own beside it."""
    import signal  # noqa: PLC0415 of this kind alone

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note(call, other.pid)
    time.sleep(600)
    return Outcome("Never.")


def fail(call: Call) -> Outcome:
    """Fail so many times; for good where it is told so."""
    note(call, "began")
    if call.parameters.get("for_good"):
        raise WillNotHeal("This will not heal.")
    began = (Path(settings.VAR) / "notes" / call.key.replace(":", "-")).read_text().count("began")
    if began <= int(call.parameters["times"] or 0):
        raise ConnectionError("The other side is away.")
    return Outcome("It healed.")


def leave_file(call: Call) -> Outcome:
    """Write a file."""
    path = call.folder / "result.csv"
    path.write_text("a,b\n")
    return Outcome("A file.", path)


def _register(name: str, work, **options) -> None:
    register(
        Kind(
            name=name,
            title=name.title(),
            work=work,
            form=KindForm,
            ask=Ability.MANAGE,
            see=Ability.MANAGE,
            download=Ability.MANAGE,
            **options,
        )
    )


_register("sleep", sleep, attempts=12)
_register("stubborn", stubborn, attempts=2)
_register("hurried", stubborn, seconds=1)
_register("fail", fail, attempts=3)
_register("leave-file", leave_file)
