"""A process of the product that verifies the books as often as asked: its start costs most."""

import json
import select
import subprocess
import sys
from pathlib import Path

from tests.migrated import ROOT

ANSWER_SECONDS = 300.0
LOOP = """
import json, sys, traceback
from io import StringIO
from django.core.management import call_command
from django.db import connections
for _ in sys.stdin:
    said = StringIO()
    try:
        call_command("verify", stdout=said)
    except SystemExit:
        pass
    except Exception:
        said.write(traceback.format_exc())
    connections.close_all()
    print(json.dumps(said.getvalue()), flush=True)
"""


class Checker:
    """Runs the command `verify` again and again in one process; between two it holds nothing."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.env = dict(env)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-v0", "-c", LOOP],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def verify(self) -> str:
        """Return what `verify` printed. Raises AssertionError where the process gave no answer."""
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        assert line, f"`verify` gave no answer; exit code {self._process.poll()}"
        return str(json.loads(line))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
