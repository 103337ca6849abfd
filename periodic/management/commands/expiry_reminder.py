"""Mail the owners what expires soon, and what is past its day."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Mail the owners which batches come near their best-before day or are past it, once."
    kind = "expiry_reminder"
