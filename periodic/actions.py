"""What the workshop does by itself: it writes mails about facts of lower floors, and sends them."""

import logging
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction

from money.day_close import day_document, text_of
from money.models import Business, PeriodChange, PeriodEvent, Role, User
from periodic.models import Mail

log = logging.getLogger(__name__)

# Whoever sets up mail later gets no flood of old days.
NEWS_FOR = timedelta(days=2)
MOST_AT_ONCE = 20
# A mail in hand is left alone for so long; after a crash another worker takes it.
IN_HAND = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)


def write_day_mails(*, now: datetime) -> int:
    """Write one mail per closed day and per unlocking of the last two days; return how many.

    A closed day's mail holds its document with the anchor: so the hash leaves the machine. Those
    without an owner who has an address wait for one. Twice is once.
    """
    news = PeriodEvent.objects.filter(
        change__in=[PeriodChange.DAY_CLOSED, PeriodChange.UNLOCKED], at__gt=now - NEWS_FOR
    )
    written = 0
    for event in news.select_related("business__tax_person", "actor").order_by("pk"):
        key = f"period:{event.pk}"
        to = _owners_of(event.business)
        if not to or Mail.objects.filter(key=key).exists():
            continue
        subject, body = _news_of(event)
        with transaction.atomic():
            _, is_new = Mail.objects.get_or_create(
                key=key,
                defaults={
                    "business": event.business,
                    "to": ",".join(to)[:500],
                    # A line break in a name would forge a header.
                    "subject": " ".join(subject.split())[:150],
                    "body": body,
                    "written_at": now,
                    "next_try_at": now,
                },
            )
        written += is_new
    return written


def _owners_of(business: Business) -> list[str]:
    """Return the addresses of the owners, as many whole ones as the column takes."""
    owners = User.objects.filter(
        is_active=True, memberships__business=business, memberships__role=Role.OWNER
    )
    found = owners.exclude(email="").order_by("pk").values_list("email", flat=True).distinct()
    return list(found)[:5]


def _news_of(event: PeriodEvent) -> tuple[str, str]:
    business = event.business
    if event.change == PeriodChange.DAY_CLOSED:
        document = day_document(business=business, day=event.through_on)
        return f"{business.name}: {event.through_on:%-d %B %Y} closed", text_of(document)
    who = event.actor.get_full_name() or event.actor.username if event.actor else "Somebody"
    subject = f"{business.name}: books unlocked"
    body = (
        f"{who} unlocked the books of {business.name} after {event.through_on:%-d %B %Y}.\n"
        f"Reason: {event.reason}\n\nIf you do not know of this, ask at once.\n"
    )
    return subject, body


def send_mails(*, now: datetime) -> int:
    """Send what waits, a few at a time; return how many the server took.

    One that fails is tried again after 2, 4, 8 ... minutes, at most 6 hours, for ever.
    """
    waiting = Mail.objects.filter(sent_at=None, next_try_at__lte=now).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_send(mail_id, now) for mail_id in ids)


def _send(mail_id: int, now: datetime) -> bool:
    # Claimed by an UPDATE, not by a lock: no transaction stays open while a server thinks.
    mine = Mail.objects.filter(pk=mail_id, sent_at=None, next_try_at__lte=now)
    if not mine.update(next_try_at=now + IN_HAND):
        return False
    mail = Mail.objects.get(pk=mail_id)
    try:
        EmailMessage(mail.subject, mail.body, to=mail.to.split(",")).send()
    except Exception as error:  # noqa: BLE001 one bad address must not hold up the others
        tries = mail.tries + 1
        wait = min(timedelta(minutes=2 ** min(tries, 10)), LONGEST_WAIT)
        trouble = f"{type(error).__name__}: {error}"[:200]
        Mail.objects.filter(pk=mail_id).update(tries=tries, next_try_at=now + wait, trouble=trouble)
        log.warning("mail %s was not taken: %s", mail_id, type(error).__name__)
        return False
    Mail.objects.filter(pk=mail_id).update(sent_at=now, trouble="")
    return True
