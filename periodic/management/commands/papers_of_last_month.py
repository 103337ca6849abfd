"""Ask for the papers of last month, of each business that has locked it."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Ask for the papers of last month, of one business or of all."
    kind = "papers_of_last_month"
