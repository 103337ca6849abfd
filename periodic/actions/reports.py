"""The owner's daily report leaves by mail, as text and as a PDF."""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from money.models import Business, Membership, Role
from periodic.actions.mails import owners_of, write_mail
from periodic.daily_report import DayOfBusiness, days_of_businesses, names_of, text_of
from periodic.models import Mail

log = logging.getLogger(__name__)
FOLDER = "daily-reports"


def write_daily_reports(*, day: date, due: datetime, now: datetime) -> int:
    """Write a mail for each set of owners over all their businesses; return how many are new.

    Businesses with the same owners stand in one mail: nobody reads of a business of others. `due`
    is the key: the report that was due then is written once.
    """
    written = 0
    for businesses in _by_owners():
        first = businesses[0]
        key = f"daily-report:{due:%Y-%m-%dT%H:%M}:{first.slug}"
        to = owners_of(first)
        if not to or Mail.objects.filter(key=key).exists():
            continue
        rows = days_of_businesses(businesses, day)
        if not rows:
            continue
        body, name = text_of(rows, day, now), ""
        # Beside the hour it was due: two reports of a day are two files of the same name.
        path = Path(settings.RESULTS_DIR) / FOLDER / f"{due:%Y%m%dT%H%MZ}"
        path /= f"{first.slug}-{day:%Y-%m-%d}.pdf"
        if _print(rows, day, path, now):
            name = path.relative_to(settings.RESULTS_DIR).as_posix()
        else:
            body += "\nThere was no room for the PDF on the disk: this is all of the report.\n"
        subject = f"{day:%-d %B %Y}: {names_of(rows)}"
        written += write_mail(
            key=key, business=first, to=to, subject=subject, body=body, attachment=name, now=now
        )
    return written


def _print(rows: Sequence[DayOfBusiness], day: date, path: Path, now: datetime) -> bool:
    """Write the report as a PDF; False where the disk does not take it.

    The heads must leave this machine all the same, so that holds up no mail.
    """
    # Only who prints loads what that needs.
    from periodic.paper.owners_day import write_owners_day  # noqa: PLC0415

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_owners_day(rows, day, path, now)
    except OSError as error:
        log.warning("the daily report was not printed: %s", type(error).__name__)
        return False
    return True


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
