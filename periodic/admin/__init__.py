"""The workshop in the admin: mails, jobs, what the clock starts, backups, alerts, figures."""

from periodic.admin.alerts import AlertAdmin
from periodic.admin.backups import BackupAdmin, DrillAdmin
from periodic.admin.figures import DailyFiguresAdmin
from periodic.admin.jobs import JobAdmin
from periodic.admin.mails import MailAdmin
from periodic.admin.schedules import ScheduleAdmin

__all__ = [
    "AlertAdmin",
    "BackupAdmin",
    "DailyFiguresAdmin",
    "DrillAdmin",
    "JobAdmin",
    "MailAdmin",
    "ScheduleAdmin",
]
