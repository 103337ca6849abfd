"""The schedules that Duka ships, on one page, as data. Who builds a floor adds its own here.

A row is made by the first `migrate` after it stands here. What an owner has changed (when, on or
off, what to do if missed, for which business) stays as the owner left it; the rest follows this
page. Times are Nairobi's. What is light and frequent, as the sweeps, the hourly pull, the balances
and the mails, is a crontab in `periodic.tasks`.
"""

from dataclasses import dataclass

from periodic.models import Missed


@dataclass(frozen=True, slots=True)
class Shipped:
    """A schedule as it comes. `name` is that of its kind of job and of its command, too."""

    name: str
    title: str
    words: str
    about: str
    missed: Missed = Missed.ONCE
    is_per_business: bool = False


SHIPPED = (
    Shipped(
        name="backup",
        title="Backup",
        words="daily 01:00",
        about="Seals the database and the spool into one file, copies it to the second place, and"
        " removes what is old enough.",
    ),
    Shipped(
        name="restore_drill",
        title="Restore drill",
        words="Sunday 04:30",
        about="Restores the newest backup of each place beside the shop and compares its books.",
    ),
    Shipped(
        name="verify_audit_trail",
        title="Audit verification",
        words="daily 02:00",
        about="Recomputes every book from its lines and mails its owners where one was altered.",
    ),
    Shipped(
        name="close_days",
        title="End of day",
        # After the pull of the night, so that what it finds still enters its own day.
        words="daily 03:30",
        about="Closes yesterday. What comes later enters the day on which it became known.",
        is_per_business=True,
    ),
    Shipped(
        name="clean_up",
        title="Clean-up",
        words="daily 04:15",
        about="Deletes sign-ins that have run out, task records of the monitor over two days, and"
        " papers that were kept long enough.",
    ),
    Shipped(
        name="reconciliation_reminder",
        title="Reconciliation reminder",
        words="daily 17:30",
        about="Mails the owners what of M-Pesa is unmatched, in quarantine, or not tied to its"
        " statement; at most once a day, and nothing where nothing is open.",
        is_per_business=True,
    ),
    Shipped(
        name="daily_report",
        title="Owner's daily report",
        words="daily 21:00",
        about="Mails the owners the day's takings, cash, unmatched M-Pesa and the head of each"
        " book's chain, which then stands outside this machine.",
    ),
    Shipped(
        name="papers_of_last_month",
        title="Papers of last month",
        words="1st of the month 09:00",
        about="Where last month is locked: all its statements as PDF and workbook in one file, and"
        " a mail with it to the owners.",
        is_per_business=True,
    ),
)
