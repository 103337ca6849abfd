"""Ask the pull about the last hours of every till."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Ask Safaricom what was paid to each till in the last 2 hours."
    kind = "mpesa_pull"
