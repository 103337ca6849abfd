"""Close the cash sessions that were forgotten, as uncounted."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Close cash sessions that nobody closed for CASH_SESSION_HOURS, as uncounted."
    kind = "close_expired_sessions"
