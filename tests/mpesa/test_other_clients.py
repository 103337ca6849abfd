"""A client of Daraja that we did not write gets a token and a push accepted by our simulator."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("another_client.py")


def test_django_daraja_gets_a_token_and_a_push_accepted(simulator):
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "PYTHONPATH"}
    }

    done = subprocess.run(
        [sys.executable, str(SCRIPT), simulator.url],
        env=env | {"TZ": "Africa/Nairobi", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    (prompt,) = simulator.world.prompts()
    assert (told["token"], told["status"], told["code"], told["error"]) == (True, 200, "0", "")
    assert told["checkout_request_id"] == prompt.checkout_request_id
    assert (prompt.push.phone, prompt.push.amount) == ("254700000101", 180)
