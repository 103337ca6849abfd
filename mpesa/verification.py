"""Whether the rail's payments and the books agree. Reads only."""

from money.cents import format_shillings
from money.models import Business
from money.snapshot import snapshot
from money.verification import Finding
from mpesa.queries import inbox_ties


def verify_inbox() -> list[Finding]:
    """Return a finding per business whose unmatched payments are not what account 2130 holds."""
    with snapshot():
        ties = inbox_ties(Business.objects.order_by("pk"))
    return [
        Finding(
            slug,
            0,
            f"the inbox holds KES {format_shillings(inbox)},"
            f" account 2130 KES {format_shillings(account)}",
        )
        for slug, (inbox, account) in ties.items()
        if inbox != account
    ]
