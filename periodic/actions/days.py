"""The end of the day: a day that is over is closed."""

from datetime import date, datetime

from money.actions.periods import close_day
from money.models import Book, Business, PeriodEvent


def close_day_that_is_over(
    *, business: Business, day: date, now: datetime
) -> tuple[PeriodEvent, bool]:
    """Close all days through `day`; return the event that closed it and whether that is new.

    The program is its actor. Raises NoBook; NotYet where a clock is wrong.
    """
    before = Book.objects.filter(business=business).values_list("closed_through", flat=True).first()
    event = close_day(business=business, day=day, actor=None, at=now)
    return event, not before or before < day
