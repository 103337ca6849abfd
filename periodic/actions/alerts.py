"""Trouble is noticed here: once when it begins and once when it is over, each told by one mail."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from money.models import Role, User
from periodic.actions.mails import as_many_as_fit
from periodic.models import Alert, Mail
from periodic.queries.operations import gather
from periodic.quiet import held_until
from periodic.tiles import Colour, tiles_of

# What flickers is one trouble: it is over when it has not been seen for so long.
CALM = timedelta(minutes=10)
# These do not wait for the morning.
URGENT = frozenset({"tampering", "forged"})
# Nothing of an alert that was over for so long is written any more.
NEWS_FOR = timedelta(days=2)
MOST_ADDRESSES = 5


class Looked(NamedTuple):
    """How many alerts were opened, how many healed, how many mails written."""

    opened: int
    healed: int
    written: int


def look_around(*, now: datetime) -> Looked:
    """Open an alert per red tile, heal those whose tile is no longer red, write what to mail.

    Several at once do it once: there is one open alert per cause.
    """
    opened = healed = 0
    for tile in tiles_of(gather(now), settings.LIMITS, now):
        if tile.colour == Colour.RED:
            opened += raise_alert(
                cause=tile.cause, title=tile.title, sentence=tile.sentence, now=now
            )
        elif tile.colour != Colour.GREY:
            healed += _heal(tile.cause, now, seen_before=now - CALM)
    return Looked(opened, healed, write_alert_mails(now=now))


def raise_alert(*, cause: str, sentence: str, now: datetime, title: str = "") -> bool:
    """Note that something is wrong; True where it was not known yet. It is mailed by `look_around`.

    `cause` names it, at most 60 characters: the same cause while it is open is the same alert.
    """
    fresh = {"sentence": sentence[:300], "last_red_at": now}
    if Alert.objects.filter(cause=cause, healed_at=None).update(**fresh):
        return False
    try:
        with transaction.atomic():
            Alert.objects.create(
                cause=cause, title=(title or cause.capitalize())[:80], opened_at=now, **fresh
            )
    except IntegrityError:  # another worker saw it at the same moment
        return False
    return True


def heal_alert(*, cause: str, now: datetime) -> bool:
    """Note that something is well again; True where it was not. It is mailed by `look_around`."""
    return _heal(cause, now, seen_before=now)


def _heal(cause: str, now: datetime, *, seen_before: datetime) -> bool:
    rows = Alert.objects.filter(cause=cause, healed_at=None)
    # Else what a clock that had run ahead wrote would stay open until then, and silent.
    rows.filter(opened_at__gt=now).update(opened_at=now)
    rows.filter(last_red_at__gt=now).update(last_red_at=now)
    return bool(rows.filter(last_red_at__lte=seen_before).update(healed_at=now))


def write_alert_mails(*, now: datetime) -> int:
    """Write the mails that alerts still lack; return how many. Without an address they wait."""
    if not settings.MAIL_IS_CONFIGURED:
        return 0
    lately = Alert.objects.filter(Q(healed_at=None) | Q(healed_at__gt=now - NEWS_FOR))
    alerts = list(lately.order_by("pk"))
    if not alerts:
        return 0
    keys = {_key(alert, what) for alert in alerts for what in ("opened", "healed")}
    written = set(Mail.objects.filter(key__in=keys).values_list("key", flat=True))
    to = as_many_as_fit(_owners())
    return sum(_write(alert, to, written, now) for alert in alerts) if to else 0


def _key(alert: Alert, what: str) -> str:
    return f"alert:{alert.pk}:{what}"


def _write(alert: Alert, to: str, written: set[str], now: datetime) -> int:
    """Write the mails that an alert lacks; the news that it is over only after that it began."""
    count = 0
    news = {"opened": f"Duka: {alert.title}"}
    if alert.healed_at:
        news["healed"] = f"Duka: {alert.title}, well again"
    for what, subject in news.items():
        key = _key(alert, what)
        if key in written:
            continue
        with transaction.atomic():
            _, is_new = Mail.objects.get_or_create(
                key=key,
                defaults={
                    "to": to,
                    "subject": " ".join(subject.split())[:150],
                    "body": _body(alert, what),
                    "written_at": now,
                    "next_try_at": _may_go_at(alert, now),
                },
            )
        count += is_new
    return count


def _may_go_at(alert: Alert, now: datetime) -> datetime:
    if alert.cause in URGENT:
        return now
    return held_until(timezone.localtime(now), settings.QUIET_HOURS)


def _body(alert: Alert, what: str) -> str:
    begun = f"{timezone.localtime(alert.opened_at):%-d %B %Y, %H:%M}"
    lines = [f"{alert.title}: {alert.sentence}", "", f"Since {begun}."]
    if what == "healed" and alert.healed_at:
        over = f"{timezone.localtime(alert.healed_at):%-d %B %Y, %H:%M}"
        lines = [f"{alert.title} is well again.", "", f"From {begun} to {over}. {alert.sentence}"]
    return "\n".join([*lines, "", f"{settings.PUBLIC_URL}/operations/", ""])


def _owners() -> list[str]:
    """Return the addresses of whoever owns a business here, as many as one mail takes."""
    owners = User.objects.filter(is_active=True).filter(
        Q(memberships__role=Role.OWNER) | Q(is_superuser=True)
    )
    found = owners.exclude(email="").order_by("pk").values_list("email", flat=True).distinct()
    return list(found)[:MOST_ADDRESSES]
