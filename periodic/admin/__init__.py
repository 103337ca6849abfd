"""The workshop in the admin: what was mailed, and the jobs of every kind."""

from periodic.admin.jobs import JobAdmin
from periodic.admin.mails import MailAdmin

__all__ = ["JobAdmin", "MailAdmin"]
