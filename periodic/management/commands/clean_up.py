"""Delete what has run out: sign-ins and old task records."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Delete what has run out."
    kind = "clean_up"
