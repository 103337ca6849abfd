"""Learn the order of the counter's tiles from the last 30 days of sales."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Count what was sold how often in the last 30 days, in one business or in all."
    kind = "fast_movers"
