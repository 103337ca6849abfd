"""The owner's daily report leaves by mail."""

from datetime import date, datetime

from django.db import transaction

from money.models import Business, Membership, Role
from periodic.actions.mails import owners_of, write_mail
from periodic.daily_report import days_of_businesses, text_of

MOST_NAMED = 3


def write_daily_reports(*, day: date, due: datetime, now: datetime) -> int:
    """Write a mail for each set of owners over all their businesses; return how many are new.

    Businesses with the same owners stand in one mail: nobody reads of a business of others. `due`
    is the key: the report that was due then is written once.
    """
    written = 0
    for businesses in _by_owners():
        to = owners_of(businesses[0])
        rows = days_of_businesses(businesses, day)
        if not to or not rows:
            continue
        names = ", ".join(row.name for row in rows[:MOST_NAMED])
        more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
        with transaction.atomic():
            written += write_mail(
                key=f"daily-report:{due:%Y-%m-%dT%H:%M}:{businesses[0].slug}",
                business=businesses[0],
                to=to,
                subject=f"{day:%-d %B %Y}: {names}{more}",
                body=text_of(rows, day, now),
                now=now,
            )
    return written


def _by_owners() -> list[list[Business]]:
    """Return the businesses in groups of the same owners, by name; those without one left out."""
    owners: dict[int, set[int]] = {}
    rows = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    for business_id, user_id in rows.values_list("business_id", "user_id"):
        owners.setdefault(business_id, set()).add(user_id)
    groups: dict[frozenset[int], list[Business]] = {}
    for business in Business.objects.filter(pk__in=owners).order_by("name", "pk"):
        groups.setdefault(frozenset(owners[business.pk]), []).append(business)
    return list(groups.values())
