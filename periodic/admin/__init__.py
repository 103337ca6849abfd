"""The workshop in the admin: mails, the jobs of every kind, what the clock starts, backups."""

from periodic.admin.backups import BackupAdmin, DrillAdmin
from periodic.admin.jobs import JobAdmin
from periodic.admin.mails import MailAdmin
from periodic.admin.schedules import ScheduleAdmin

__all__ = ["BackupAdmin", "DrillAdmin", "JobAdmin", "MailAdmin", "ScheduleAdmin"]
