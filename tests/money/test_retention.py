"""How long books are kept, and that nothing in the product can give up a posted entry sooner."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, ProtectedError
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from money.calendar import financial_year_of
from money.models import (
    Account,
    Book,
    Business,
    Entry,
    Line,
    Movement,
    PeriodChange,
    PeriodEvent,
    Role,
    TaxPerson,
    User,
)
from money.retention import is_held, kept_until
from money.verification import verify_books
from mpesa.models import ClosedReference
from tests.make import NOW, TODAY, a_user, amina, an_entry

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))
MONTHS = st.integers(min_value=1, max_value=12)


@pytest.mark.parametrize(
    ("day", "month", "first", "last"),
    [
        (date(2026, 11, 22), 12, date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 1, 1), 12, date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 12, 31), 12, date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 6, 30), 6, date(2025, 7, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), 6, date(2026, 7, 1), date(2027, 6, 30)),
        (date(2026, 1, 31), 1, date(2025, 2, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), 1, date(2026, 2, 1), date(2027, 1, 31)),
        (date(2023, 3, 1), 2, date(2023, 3, 1), date(2024, 2, 29)),
        (date(2024, 2, 29), 2, date(2023, 3, 1), date(2024, 2, 29)),
        (date(2024, 3, 1), 2, date(2024, 3, 1), date(2025, 2, 28)),
        (date(2026, 12, 1), 11, date(2026, 12, 1), date(2027, 11, 30)),
    ],
)
def test_a_financial_year_holds_its_day(day: date, month: int, first: date, last: date) -> None:
    assert financial_year_of(day, month) == (first, last)


@given(DAYS, MONTHS)
def test_financial_years_follow_each_other_without_a_gap(day: date, month: int) -> None:
    first, last = financial_year_of(day, month)

    assert first <= day <= last
    assert last.month == month
    assert (last + timedelta(days=1)).day == 1
    assert last - first in (timedelta(days=364), timedelta(days=365))
    following = financial_year_of(last + timedelta(days=1), month)
    assert following[0] == last + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "month", "years", "until"),
    [
        (date(2026, 1, 1), 12, 7, date(2033, 12, 31)),
        (date(2026, 12, 31), 12, 7, date(2033, 12, 31)),
        (date(2026, 11, 22), 6, 7, date(2034, 6, 30)),
        (date(2026, 11, 22), 12, 5, date(2031, 12, 31)),
        (date(2024, 2, 29), 2, 7, date(2031, 2, 28)),
        (date(2025, 2, 28), 2, 7, date(2032, 2, 29)),
    ],
)
def test_books_are_kept_from_the_end_of_their_year(
    day: date, month: int, years: int, until: date
) -> None:
    assert kept_until(day, month, years) == until


def test_seven_years_and_december_are_the_default() -> None:
    assert kept_until(TODAY) == date(2033, 12, 31)
    assert TaxPerson().keep_years == 7


@given(DAYS, MONTHS, st.integers(min_value=5, max_value=30))
def test_books_are_never_kept_for_less_than_their_years(day: date, month: int, years: int) -> None:
    until = kept_until(day, month, years)

    assert until.year - day.year in (years, years + 1)
    assert (until.year, until.month, until.day) >= (day.year + years, day.month, day.day)


@pytest.mark.parametrize("years", [0, 4])
def test_taxperson_keeps_five_years_or_more(duka: Business, years: int) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        TaxPerson.objects.update(keep_years=years)

    assert "taxperson_keeps_five_years_or_more" in str(refusal.value)


def test_a_hold_is_told(duka: Business) -> None:
    person = duka.tax_person
    assert not is_held(person)

    person.held_from, person.hold_reason = TODAY, "KRA audit of 2025"

    assert is_held(person)


# Nothing gives up a posted entry


@pytest.fixture
def books(duka: Business) -> Business:
    """An entry, a period event, and people with all roles; the first of them posted."""
    an_entry(duka)
    for role in Role.values:
        a_user(f"a-{role}", duka=role)
    poster = amina()
    PeriodEvent.objects.create(
        business=duka,
        number=1,
        change=PeriodChange.DAY_CLOSED,
        through_on=TODAY,
        at=NOW,
        actor=poster,
        entries=1,
        entries_hash="0" * 64,
        previous_hash="0" * 64,
        hash="1" * 64,
    )
    return duka


POSTED: list[type[Model]] = [Entry, Line, PeriodEvent]


@pytest.mark.parametrize("model", POSTED)
def test_rows_that_were_posted_are_not_deleted_by_the_orm(
    books: Business, model: type[Model]
) -> None:
    manager = model._default_manager
    before = manager.count()

    for delete in (manager.all().delete, manager.get(pk=manager.first().pk).delete):  # type: ignore[union-attr]
        with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
            delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        manager.all()._raw_delete(connection.alias)

    assert manager.count() == before > 0


@pytest.mark.parametrize("model", [Business, Account, TaxPerson, Book, User])
def test_what_has_entries_takes_none_with_it(books: Business, model: type[Model]) -> None:
    row = {
        Business: books,
        Account: Account.objects.get(business=books, code="1000"),
        TaxPerson: books.tax_person,
        Book: books.book,
        User: User.objects.get(username="amina"),
    }[model]
    before = Entry.objects.count(), Line.objects.count(), Movement.objects.count()

    with pytest.raises((ProtectedError, IntegrityError)), transaction.atomic():
        row.delete()

    assert (Entry.objects.count(), Line.objects.count(), Movement.objects.count()) == before


def test_no_role_may_delete_a_row_of_the_books_in_the_admin(books: Business) -> None:
    request = RequestFactory().get("/")
    floors = [m for m in admin.site._registry if m._meta.app_label in {"money", "mpesa", "shops"}]
    # A reference that validation refuses is a setting: closed today, open again tomorrow.
    ours = [m for m in floors if m is not ClosedReference]

    def may_delete(person: User) -> set[type[Model]]:
        request.user = person
        return {m for m in ours if admin.site._registry[m].has_delete_permission(request)}

    assert {m for person in User.objects.all() for m in may_delete(person)} == set()
    # A superuser may give up a person without entries; what was posted, not even that one.
    root = User(username="root", is_superuser=True, is_staff=True, is_active=True)
    posted = {m for m in ours if m._meta.app_label != "money"} | {Entry, Account, Business}
    assert may_delete(root) & posted == set()
    assert posted <= set(ours)


def test_the_admin_deletes_no_entry_for_its_owner(books: Business, client: Client) -> None:
    client.force_login(User.objects.get(username="amina"))
    entry = Entry.objects.get()

    one = client.post(reverse("admin:money_entry_delete", args=[entry.pk]), {"post": "yes"})
    client.post(
        reverse("admin:money_entry_changelist"),
        {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"},
    )

    assert one.status_code == 403
    assert Entry.objects.count() == 1


def test_the_books_verify_after_all_that_was_tried(duka: Business) -> None:
    an_entry(duka)
    for row in (duka, duka.tax_person, Account.objects.get(business=duka, code="1000")):
        with pytest.raises(ProtectedError):
            row.delete()

    assert verify_books().is_ok
