"""Mail the owners what customers owe and what suppliers are owed."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Mail the owners what has been unpaid for a week or longer, at most once a day."
    kind = "send_payment_reminders"
