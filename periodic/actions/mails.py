"""What the workshop does by itself: it writes mails about facts of lower floors, and sends them."""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPServerDisconnected

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet

from money.day_close import anchor_text, day_document, name_of_actor, text_of
from money.models import Business, PeriodChange, PeriodEvent
from money.queries import owner_addresses
from periodic.models import Mail
from shops.models import CashSession
from shops.z_text import text_of_z, verdict_of

log = logging.getLogger(__name__)

# Whoever sets up mail later gets no flood of old days.
NEWS_FOR = timedelta(days=2)
MOST_AT_ONCE = 20
MOST_OWNERS, MOST_TO = 5, 500
# A mail in hand is left alone for so long; after a crash another worker takes it.
IN_HAND = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
# Nothing waits for longer, not for quiet hours either: what does, a clock wrote that had run ahead.
FURTHEST = timedelta(days=1)
# After these nobody knows whether the server took it.
ANSWER_LOST = (SMTPServerDisconnected, TimeoutError, ConnectionResetError, BrokenPipeError)


def write_day_mails(*, now: datetime) -> int:
    """Write one mail per day, month or year closed and per unlocking of the last two days.

    Return how many. What closes carries its anchor: so the hash leaves the machine. Those without
    an owner who has an address wait for one. Twice is once.
    """
    rows = PeriodEvent.objects.filter(at__gt=now - NEWS_FOR)
    events = rows.select_related("business__tax_person", "actor").order_by("business_id", "number")
    written = 0
    for deed in _deeds(events):
        event = deed[0]
        key = f"period:{event.pk}"
        if Mail.objects.filter(key=key).exists():
            continue
        to = owners_of(event.business)
        if not to:
            continue
        subject, body = _news_of(deed)
        is_new = write_mail(
            key=key, business=event.business, to=to, subject=subject, body=body, now=now
        )
        written += is_new
    return written


def write_z_mails(*, now: datetime) -> int:
    """Write one mail per Z report of the last two days to the owners; return how many are new."""
    rows = CashSession.objects.filter(closed_at__gt=now - NEWS_FOR).select_related(
        "business__tax_person", "drawer", "opened_by", "closed_by"
    )
    found = {f"z:{session.pk}": session for session in rows.order_by("pk")}
    there = set(Mail.objects.filter(key__in=list(found)).values_list("key", flat=True))
    written = 0
    for key, session in found.items():
        if key in there:
            continue
        if not (to := owners_of(session.business)):
            continue
        written += write_mail(
            key=key,
            business=session.business,
            to=to,
            subject=f"{session.business.name}: Z {session.z_number}, {verdict_of(session)}",
            body=text_of_z(session),
            now=now,
        )
    return written


def write_mail(
    *,
    key: str,
    business: Business,
    to: list[str],
    subject: str,
    body: str,
    now: datetime,
    attachment: str = "",
) -> bool:
    """Leave a mail to be sent; False where one of this key was written before.

    `attachment` is the name of a file below VAR/results.
    """
    with transaction.atomic():
        _, is_new = Mail.objects.get_or_create(
            key=key,
            defaults={
                "business": business,
                "to": as_many_as_fit(to),
                # A line break in a name would forge a header.
                "subject": " ".join(subject.split())[:150],
                "body": body,
                "attachment": attachment,
                "written_at": now,
                "next_try_at": now,
            },
        )
    return is_new


def as_many_as_fit(addresses: Sequence[str]) -> str:
    """Return as many whole addresses as the column takes: half of one may be another's."""
    while len(",".join(addresses)) > MOST_TO:
        addresses = addresses[:-1]
    return ",".join(addresses)


def owners_of(business: Business) -> list[str]:
    """Return the addresses of the owners, as many as one mail goes to."""
    return owner_addresses(business)[:MOST_OWNERS]


def _deeds(events: Iterable[PeriodEvent]) -> list[list[PeriodEvent]]:
    """Return what each deed left, in order: one event, or all that the closing of a year wrote.

    That one unlocks a locked year, closes it, and closes again what it opened, all at one moment.
    """
    deeds: list[list[PeriodEvent]] = []
    for event in events:
        deed = deeds[-1] if deeds else []
        if deed and _is_of_one_deed(deed, event):
            deed.append(event)
        else:
            deeds.append([event])
    return deeds


def _is_of_one_deed(deed: list[PeriodEvent], event: PeriodEvent) -> bool:
    last = deed[-1]
    is_next = (last.business_id, last.number + 1) == (event.business_id, event.number)
    is_at_once = (last.at, last.actor_id) == (event.at, event.actor_id)
    begins = deed[0].change == PeriodChange.UNLOCKED
    again = (PeriodChange.MONTH_LOCKED, PeriodChange.DAY_CLOSED)
    expected = (PeriodChange.YEAR_CLOSED,) if last == deed[0] else again
    return is_next and is_at_once and begins and event.change in expected


def _news_of(deed: list[PeriodEvent]) -> tuple[str, str]:
    """Return the subject and the words of a mail."""
    event = next((one for one in deed if one.change != PeriodChange.UNLOCKED), deed[0])
    name, day = event.business.name, f"{event.through_on:%-d %B %Y}"
    if event.change == PeriodChange.DAY_CLOSED:
        document = day_document(business=event.business, day=event.through_on)
        return f"{name}: {day} closed", text_of(document)
    who = name_of_actor(event) or "Somebody"
    if event.change == PeriodChange.UNLOCKED:
        return f"{name}: books unlocked", (
            f"{who} unlocked the books of {name} after {day}.\n"
            f"Reason: {event.reason}\n\nIf you do not know of this, ask at once.\n"
        )
    if event.change == PeriodChange.MONTH_LOCKED:
        subject = f"{name}: {event.through_on:%B %Y} locked"
        said = f"{who} locked the books of {name} through {day}: nothing enters those days."
    else:
        subject = f"{name}: year through {day} closed"
        said = f"{who} closed the year through {day} of {name} into retained earnings."
        if len(deed) > 1:
            said += " The books were opened for that and are closed again as far as before."
    return subject, "\n".join([said, *(line for one in deed for line in _anchor_of(one))]) + "\n"


def _anchor_of(event: PeriodEvent) -> list[str]:
    if event.change == PeriodChange.UNLOCKED:
        return []
    through = f"{event.get_change_display()} through {event.through_on:%-d %B %Y}"
    return ["", through, *anchor_text(event.hash)]


def send_mails(*, now: datetime) -> int:
    """Send what waits, a few at a time; return how many the server took.

    One that fails is tried again after 2, 4, 8 ... minutes, at most 6 hours, for ever.
    """
    began = time.monotonic()
    ids = list(_due(now).order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    # A slow server takes its time for each: the last one is in hand from when its turn comes.
    return sum(
        _send(mail_id, now + timedelta(seconds=int(time.monotonic() - began))) for mail_id in ids
    )


def _due(now: datetime) -> QuerySet[Mail]:
    may_go = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + FURTHEST)
    return Mail.objects.filter(may_go, sent_at=None)


def _send(mail_id: int, now: datetime) -> bool:
    # Claimed by an UPDATE, not by a lock: no transaction stays open while a server thinks.
    mine = _due(now).filter(pk=mail_id)
    mail = mine.first()
    if mail is None or not mine.update(next_try_at=now + IN_HAND, in_hand_at=now):
        return False
    row = Mail.objects.filter(pk=mail_id)
    if mail.in_hand_at:  # whoever had it died, perhaps just after the server took it
        row.update(perhaps_twice=True)
    try:
        _message(mail).send()
    except Exception as error:  # noqa: BLE001 one bad address must not hold up the others
        tries = mail.tries + 1
        wait = min(timedelta(minutes=2 ** min(tries, 10)), LONGEST_WAIT)
        trouble = f"{type(error).__name__}: {error}"[:200]
        row.update(tries=tries, next_try_at=now + wait, trouble=trouble, in_hand_at=None)
        if isinstance(error, ANSWER_LOST):
            row.update(perhaps_twice=True)
        log.warning("mail %s was not taken: %s", mail_id, type(error).__name__)
        return False
    row.update(sent_at=now, trouble="", in_hand_at=None)
    return True


def _message(mail: Mail) -> EmailMessage:
    """Return the mail with its file, or with a sentence where that is gone or too large."""
    message = EmailMessage(mail.subject, mail.body, to=mail.to.split(","))
    if not mail.attachment:
        return message
    root = Path(settings.RESULTS_DIR).resolve()
    path = (root / mail.attachment).resolve()
    if root not in path.parents or not path.is_file():
        message.body += "\nThe file is no longer there: ask for it again.\n"
    elif path.stat().st_size > settings.MAIL_MEGABYTES * 1_000_000:
        message.body += f"\n{path.name} is too large for a mail: it is among the results.\n"
    else:
        message.attach_file(str(path))
    return message
