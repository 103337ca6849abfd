from datetime import date

import pytest

from money.report import EVER, LAST_DAY, BadPeriod, Period, Where


def period(from_on: str, to_on: str) -> Period:
    return Period(date.fromisoformat(from_on), date.fromisoformat(to_on))


@pytest.mark.parametrize(
    ("from_on", "to_on"),
    [("2026-11-02", "2026-11-01"), ("1899-12-31", "2026-11-01"), ("2026-11-01", "2200-01-01")],
)
def test_a_period_that_cannot_be_is_refused(from_on: str, to_on: str) -> None:
    with pytest.raises(BadPeriod):
        period(from_on, to_on)


@pytest.mark.parametrize(
    ("told", "before"),
    [
        (("2026-11-01", "2026-11-30"), ("2026-10-01", "2026-10-31")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31")),
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31")),
        (("2028-03-01", "2028-03-31"), ("2028-02-01", "2028-02-29")),
        (("2026-11-10", "2026-11-19"), ("2026-10-31", "2026-11-09")),
        (("2026-11-22", "2026-11-22"), ("2026-11-21", "2026-11-21")),
    ],
)
def test_the_period_before(told: tuple[str, str], before: tuple[str, str]) -> None:
    assert period(*told).previous() == period(*before)


@pytest.mark.parametrize("to_on", [EVER, date(1900, 1, 31), date(2026, 11, 30), LAST_DAY])
def test_there_is_none_before_all(to_on: date) -> None:
    with pytest.raises(BadPeriod):
        Period(EVER, to_on).previous()


@pytest.mark.parametrize(
    ("told", "text", "short"),
    [
        (("2026-11-01", "2026-11-30"), "1 November 2026 to 30 November 2026", "Nov 2026"),
        (("2026-01-01", "2026-12-31"), "1 January 2026 to 31 December 2026", "2026"),
        (("2026-11-22", "2026-11-22"), "22 November 2026", "22 Nov 2026"),
        (
            ("2026-11-01", "2026-11-22"),
            "1 November 2026 to 22 November 2026",
            "1 Nov 2026 to 22 Nov 2026",
        ),
        (("2025-07-01", "2026-06-30"), "1 July 2025 to 30 June 2026", "1 Jul 2025 to 30 Jun 2026"),
        (("1900-01-01", "2026-06-30"), "up to 30 June 2026", "up to 30 Jun 2026"),
    ],
)
def test_a_period_in_words(told: tuple[str, str], text: str, short: str) -> None:
    assert (str(period(*told)), period(*told).short) == (text, short)


def test_days_of_a_period() -> None:
    assert period("2026-11-22", "2026-11-22").days == 1
    assert period("2026-01-01", "2026-12-31").days == 365


def test_a_balance_is_of_all_days_up_to_its_own() -> None:
    assert Where(("1000",), None, date(2026, 11, 22)).period == Period(EVER, date(2026, 11, 22))
    where = Where(("1000",), date(2026, 11, 1), date(2026, 11, 22))
    assert where.period == period("2026-11-01", "2026-11-22")
