"""Mail the owners what of M-Pesa is open, at most once a day per business."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Mail what is unmatched, in quarantine, or not tied to a statement."
    kind = "reconciliation_reminder"
