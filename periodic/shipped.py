"""The schedules that Duka ships, on one page, as data. Who builds a floor adds its own here.

A row is made by the first `migrate` after it stands here. What an owner has changed (when, on or
off, what to do if missed, for which business) stays as the owner left it; the rest follows this
page. Times are Nairobi's. What runs every minute, as the sweeps, the questions about prompts and
receipts without an answer, and the mails, is a crontab in `periodic.tasks`: it is how the house
keeps its promises, and nobody's to set.
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
        name="mpesa_pull",
        title="M-Pesa's last hours",
        words="hourly",
        about="Asks Safaricom what was paid to each till in the last 2 hours, and records what no"
        " message told of.",
        missed=Missed.SKIP,
    ),
    Shipped(
        name="mpesa_pull_night",
        title="M-Pesa's last two days",
        # Before the end of the day, which lets nothing more into it.
        words="daily 02:03",
        about="Asks Safaricom what was paid to each till in the last 48 hours, as far back as it"
        " tells.",
    ),
    Shipped(
        name="mpesa_balances",
        title="Jumps in M-Pesa balances",
        words="every 30 minutes",
        about="Looks for money that a till's balance shows and no message told of, and asks"
        " Safaricom about that time.",
        missed=Missed.SKIP,
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
        name="daily_figures",
        title="Daily figures",
        # After the end of the day, which lets nothing more into it.
        words="daily 03:45",
        about="Takes down what yesterday came to: sales, profit, cash, stock, what customers owe.",
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
        name="close_expired_sessions",
        title="Forgotten cash sessions and sales",
        words="hourly",
        about="Closes, as uncounted, a cash session that nobody has closed for CASH_SESSION_HOURS,"
        " and flags it to the owners. Gives up sales that nobody has paid anything of for"
        " PARKED_SALE_DAYS, so that what they held can be sold.",
    ),
    Shipped(
        name="expiry_reminder",
        title="Goods that expire",
        words="daily 08:00",
        about="Mails the owners which batches come near their best-before day, and which are past"
        " it: each once, and nothing where nothing is new.",
        is_per_business=True,
    ),
    Shipped(
        name="send_payment_reminders",
        title="What is unpaid",
        words="daily 08:00",
        about="Mails the owners what customers owe, and suppliers are owed, since a week or longer;"
        " at most once a day, and nothing where nothing is that old.",
        is_per_business=True,
    ),
    Shipped(
        name="fast_movers",
        title="Fast movers",
        # Nightly: tiles that change their places under the fingers cost more than they save.
        words="daily 03:45",
        about="Counts what was sold how often in the last 30 days: the order of the counter's"
        " tiles.",
        is_per_business=True,
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
