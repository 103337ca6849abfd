"""The doorbell of the jobs: pages press it, the ringer thread of the web process listens."""

from mpesa.doorbell import Doorbell

jobs = Doorbell()
