"""The workshop in the admin: what was mailed, and what the clock starts."""

from periodic.admin.mails import MailAdmin
from periodic.admin.schedules import ScheduleAdmin

__all__ = ["MailAdmin", "ScheduleAdmin"]
