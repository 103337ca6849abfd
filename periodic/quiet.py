"""Quiet hours: when no mail about trouble goes out, unless it is about a crime. Pure."""

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple


class NotHours(ValueError):
    """The text is no HH:MM-HH:MM."""


class QuietHours(NamedTuple):
    """From one time of day to another, past midnight where the first is the later one."""

    begin: time
    end: time


def parse_hours(text: str) -> QuietHours | None:
    """Return the hours of "21:30-06:00", None where there are none. Raises NotHours."""
    if not text.strip():
        return None
    match = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", text.strip(), re.ASCII)
    try:
        if match:
            return QuietHours(time.fromisoformat(match[1]), time.fromisoformat(match[2]))
    except ValueError:
        pass
    raise NotHours(f"{text!r} are no quiet hours: write them like 21:30-06:00.")


def held_until(moment: datetime, quiet: QuietHours | None) -> datetime:
    """Return when a mail written at `moment`, in local time, may go: at once or at their end."""
    if quiet is None or quiet.begin == quiet.end:
        return moment
    clock = moment.time()
    if quiet.begin < quiet.end:
        is_quiet = quiet.begin <= clock < quiet.end
    else:
        is_quiet = clock >= quiet.begin or clock < quiet.end
    if not is_quiet:
        return moment
    end = datetime.combine(moment.date(), quiet.end, tzinfo=moment.tzinfo)
    return end if end > moment else end + timedelta(days=1)
