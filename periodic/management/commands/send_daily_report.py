"""Leave the owners' daily report to be mailed."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Write the mail with today's takings and the heads of the books."
    kind = "daily_report"
