"""What expires, told to the owners: a batch once when it is near its day, once when past it."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from money.cents import format_quantity
from money.models import Business
from periodic.actions.mails import owners_of, write_mail
from shops.actions.batches import note_told
from shops.queries.batches import Near, news_of

MOST_LINES = 40


def remind_of_expiry(*, business: Business, now: datetime) -> list[str]:
    """Mail the owners what is newly near its best-before day or past it; return the lines.

    Mail and note are one transaction: each batch is told once of each, however often this runs.
    Without an owner who has an address nothing is noted.
    """
    day, to = timezone.localdate(now), owners_of(business)
    if not to:
        return []
    with transaction.atomic():
        news = news_of(business, day)
        if not news:
            return []
        lines = [_line(near) for near in news[:MOST_LINES]]
        if len(news) > MOST_LINES:
            lines.append(f"... and {len(news) - MOST_LINES} more.")
        write_mail(
            key=f"expiry:{business.slug}:{_name_of(news)}",
            business=business,
            to=to,
            subject=f"{business.name}: goods that expire",
            body="\n".join([f"{business.name}, {day:%A, %-d %B %Y}", "", *_starred(lines), ""]),
            now=now,
        )
        note_told(levels=[near.level for near in news], day=day, now=now)
    return lines


def _name_of(news: list[Near]) -> str:
    """Return a name for just this news, so that two who tell it at once write one mail."""
    told = sorted((near.level.batch_id, near.is_expired) for near in news)
    return sha256(repr(told).encode()).hexdigest()[:20]


def _starred(lines: list[str]) -> list[str]:
    return [f"* {line}" for line in lines]


def _line(near: Near) -> str:
    batch = near.level.batch
    many = format_quantity(near.level.on_hand_milli)
    what = f"{many} {batch.item}" + (f", batch {batch.code}" if batch.code else "")
    assert batch.best_before is not None  # what has no day expires never
    when = f"{batch.best_before:%-d %B %Y}"
    if near.is_expired:
        return f"{what}: past its best-before day, {when}. It is not sold: write off."
    return f"{what}: best before {when}."
