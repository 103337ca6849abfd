"""When something is due, in plain words or as a cron expression, always in Nairobi. Pure.

Kenya has no summer time, so a time of day comes exactly once a day: the arithmetic is done on the
wall clock of Nairobi, and what leaves this page is in UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

NAIROBI = ZoneInfo("Africa/Nairobi")
MOST_LETTERS = 60
CRON_FIELDS = 5
MINUTES, HOURS, NOON = 60, 24, 12
LAST_DAY_OF_EVERY_MONTH = 28
# cronsim's own end of patience is fifty years; so little is asked of it.
MOST_TIMES = 2_000
UNDERSTOOD = (
    "every minute, every 10 minutes, hourly, every 6 hours, daily 08:00, weekdays 17:30,"
    " weekends 10:00, Sunday 03:00, Monday and Thursday 09:00, 1st of the month 09:00,"
    " last day of the month 21:00, or a cron expression such as 30 17 * * 1-5"
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_TIME = re.compile(r"(\d{1,2})(?::(\d\d))? ?(am|pm)?")
# Minute and hour: words have letters there.
_CRON = re.compile(r"[\d*,/-]+")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")


class NotUnderstood(Exception):
    """The words name no time that we know; the message says what is understood."""


def next_times(text: str, after: datetime, count: int) -> list[datetime]:
    """Return the next `count` due times (UTC) that are later than `after`, in order.

    Raises NotUnderstood, also for what a calendar never has, such as the 30th of February.
    """
    assert count <= MOST_TIMES
    times = _simulated(text, after)
    try:
        found = [next(times) for _ in range(count)]
    except StopIteration:
        raise NotUnderstood(f"“{text.strip()}” never comes.") from None
    return [_in_utc(local) for local in found]


def next_time(text: str, after: datetime) -> datetime:
    """Return the first due time (UTC) that is later than `after`. Raises NotUnderstood."""
    return next_times(text, after, 1)[0]


def last_time(text: str, until: datetime) -> datetime:
    """Return the newest due time (UTC) that is not later than `until`. Raises NotUnderstood."""
    just_after = until.replace(microsecond=0) + timedelta(seconds=1)
    try:
        return _in_utc(next(_simulated(text, just_after, is_backwards=True)))
    except StopIteration:
        raise NotUnderstood(f"“{text.strip()}” never came.") from None


def cron_of(text: str) -> str:
    """Return the cron expression (five fields) of plain words, or of one as it is.

    Raises NotUnderstood with a sentence that shows what is understood.
    """
    words = " ".join(text.lower().replace(",", " and ").split())
    if len(text) > MOST_LETTERS:
        raise NotUnderstood(f"That is longer than {MOST_LETTERS} letters. {_hint()}")
    if len(fields := text.split()) == CRON_FIELDS and _CRON.fullmatch(fields[0] + fields[1]):
        return " ".join(fields)
    for read in (_span, _weekly, _monthly):
        if found := read(words.removeprefix("at ")):
            return found
    raise NotUnderstood(f"“{text.strip()}” is not understood. {_hint()}")


def _simulated(text: str, at: datetime, *, is_backwards: bool = False) -> CronSim:
    assert at.tzinfo is not None
    try:
        return CronSim(cron_of(text), at.astimezone(NAIROBI).replace(tzinfo=None), is_backwards)
    except CronSimError as refusal:
        what = str(refusal).removeprefix("Bad ")
        raise NotUnderstood(f"Its {what} is not understood. {_hint()}") from refusal


def _in_utc(local: datetime) -> datetime:
    return local.replace(tzinfo=NAIROBI).astimezone(UTC)


def _hint() -> str:
    return f"Write, for example: {UNDERSTOOD}."


def _span(words: str) -> str:
    """Return the cron of "hourly", "every 10 minutes", "every 6 hours"; empty for other words."""
    if words == "every minute":
        return "* * * * *"
    if words in {"hourly", "every hour"}:
        return "0 * * * *"
    found = re.fullmatch(r"every (\d{1,2}) (minute|hour)s?", words)
    if not found:
        return ""
    step, whole = int(found[1]), MINUTES if found[2] == "minute" else HOURS
    if not step or step == whole or whole % step:
        # Cron counts anew each hour and each day: every 7 minutes would be 56, 00, 07.
        raise NotUnderstood(
            f"Every {step} {found[2]}s does not come out even: {whole} {found[2]}s must be a"
            f" multiple of it. {_hint()}"
        )
    return f"*/{step} * * * *" if whole == MINUTES else f"0 */{step} * * *"


def _weekly(words: str) -> str:
    """Return the cron of "daily 08:00", "weekdays 17:30", "Sunday 03:00"; empty for others."""
    found = re.fullmatch(r"(?:every |on )?(.+?)(?: at)? (\d[\d:]* ?(?:am|pm)?)", words)
    if not found:
        return ""
    days = _days_of_week(found[1])
    return f"{_time_of_day(found[2])} * * {days}" if days else ""


def _days_of_week(words: str) -> str:
    """Return the last field of a cron; empty where a word is no day."""
    named = {"daily": "*", "day": "*", "weekdays": "1-5", "weekday": "1-5", "weekends": "0,6"}
    if words in named:
        return named[words]
    numbers = [_day_of_week(word) for word in words.split(" and ")]
    if None in numbers:
        return ""
    return ",".join(str(number) for number in sorted({n for n in numbers if n is not None}))


def _day_of_week(word: str) -> int | None:
    """Return 0 for Sunday to 6; "Sundays" and "Sun" are it too."""
    for number, name in enumerate(_DAYS):
        if word in {name, f"{name}s", name[:3]}:
            return number
    return None


def _monthly(words: str) -> str:
    """Return the cron of "1st of the month 09:00", "1st and 15th ...", "last day of ..."."""
    pattern = (
        r"(?:every |on )?(?:the )?(.+?) of (?:the|each|every) month(?: at)?"
        r" (\d[\d:]* ?(?:am|pm)?)"
    )
    found = re.fullmatch(pattern, words)
    if not found:
        return ""
    if found[1] == "last day":
        return f"{_time_of_day(found[2])} L * *"
    days = []
    for word in found[1].split(" and "):
        ordinal = _ORDINAL.fullmatch(word)
        if not ordinal or not int(ordinal[1]):
            return ""
        if int(ordinal[1]) > LAST_DAY_OF_EVERY_MONTH:
            raise NotUnderstood(
                f"Not every month has a {word}: write “last day of the month {found[2]}”."
            )
        days.append(int(ordinal[1]))
    return f"{_time_of_day(found[2])} {','.join(map(str, sorted(set(days))))} * *"


def _time_of_day(words: str) -> str:
    """Return minute and hour as a cron has them, of 08:00, 8 am or 5:30 pm."""
    found = _TIME.fullmatch(words)
    if found and (found[2] or found[3]):
        hour, minute = int(found[1]), int(found[2] or 0)
        is_right = 1 <= hour <= NOON if found[3] else hour < HOURS
        if found[3]:
            hour = hour % NOON + (NOON if found[3] == "pm" else 0)
        if is_right and minute < MINUTES:
            return f"{minute} {hour}"
    raise NotUnderstood(f"“{words}” is no time of day: write it as 08:00 or 17:30.")
