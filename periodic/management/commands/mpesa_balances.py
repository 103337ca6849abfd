"""Look for money that only a till's balance shows."""

from periodic.management.by_hand import ByHand


class Command(ByHand):
    help = "Look for jumps in the tills' balances that no payment explains."
    kind = "mpesa_balances"
