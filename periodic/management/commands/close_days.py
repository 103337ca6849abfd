"""Close yesterday for each business; closed before is no error."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Close yesterday, in one business or in all."
    kind = "close_days"
