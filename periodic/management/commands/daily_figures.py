"""Take down what yesterday came to, for each business."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Take down yesterday's sales, profit, cash, stock and debts, in one business or in all."
    kind = "daily_figures"
