"""The workshop's rows: what waits to be sent, and work that is asked for and finished.

`mails` is what waits to be sent; `jobs` is work with progress, attempts and a result; `schedules`
is what the clock asks for; `backups` is what was kept of the shop, and the proof that it restores;
`workers` is who works; `alerts` is what is wrong; `figures` is what each day came to.
"""

from periodic.models.alerts import Alert
from periodic.models.backups import Backup, Drill, DrillPlace
from periodic.models.figures import DailyFigures
from periodic.models.jobs import LIVE_JOBS, Job, JobState, Urgency
from periodic.models.mails import Mail
from periodic.models.schedules import Missed, Schedule
from periodic.models.workers import Worker

__all__ = [
    "LIVE_JOBS",
    "Alert",
    "Backup",
    "DailyFigures",
    "Drill",
    "DrillPlace",
    "Job",
    "JobState",
    "Mail",
    "Missed",
    "Schedule",
    "Urgency",
    "Worker",
]
