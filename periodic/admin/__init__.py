"""The workshop in the admin: what was mailed, the jobs of every kind, and what the clock starts."""

from periodic.admin.jobs import JobAdmin
from periodic.admin.mails import MailAdmin
from periodic.admin.schedules import ScheduleAdmin

__all__ = ["JobAdmin", "MailAdmin", "ScheduleAdmin"]
