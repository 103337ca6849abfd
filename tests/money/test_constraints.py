"""Every named constraint of the ground floor is broken once, by what walks past all validation."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from money import triggers
from money.chain import FIRST_HASH
from money.models import (
    ENTRY_IDS_PER_BOOK,
    Account,
    Book,
    Business,
    Device,
    Entry,
    ExciseRate,
    Line,
    Membership,
    Movement,
    Pin,
    Role,
    RoleLimit,
    SignInTry,
    StaffEvent,
    TaxPerson,
    TaxRate,
)
from tests.make import NOW, TODAY, a_tax_person, a_user, an_entry

DAY = date(2026, 11, 1)


def a_drawer(business: Business) -> Account:
    return Account.objects.get(business=business, code="1000")


def an_entry_row(business: Business, **changes: Any) -> Entry:
    facts: dict[str, Any] = {
        "number": 1,
        "key": "a-key",
        "occurred_on": TODAY,
        "posted_at": NOW,
        "description": "Raw",
        "previous_hash": FIRST_HASH,
        "hash": FIRST_HASH,
    } | changes
    facts.setdefault("id", business.pk * ENTRY_IDS_PER_BOOK + facts["number"])
    return Entry(business=business, **facts)


def insert_twice(make: Callable[[Business], models.Model]) -> Callable[[Business], object]:
    def insert(business: Business) -> object:
        rows = [make(business), make(business)]
        return type(rows[0])._base_manager.bulk_create(rows)

    return insert


def a_device_row(business: Business, **changes: Any) -> Device:
    facts = {"name": "Counter 1", "token_digest": "a" * 64, "made_at": NOW} | changes
    return Device(business=business, made_by=a_user("amina"), **facts)


def insert_pin(**facts: Any) -> object:
    row = Pin(user=a_user("amina"), **{"hash": "x", "changed_at": NOW} | facts)
    return Pin.objects.bulk_create([row])


def insert_limit(business: Business, **changes: Any) -> object:
    facts = {"role": "cashier", "limit": "refund", "most_cents": 0, "set_at": NOW} | changes
    row = RoleLimit(business=business, set_by=a_user("amina"), **facts)
    return RoleLimit.objects.bulk_create([row])


def insert_staff_event(business: Business, **changes: Any) -> object:
    person = a_user("amina")
    facts = {"change": "hired", "person": person, "by": person, "at": NOW} | changes
    return StaffEvent.objects.bulk_create([StaffEvent(business=business, **facts)])


def insert_same_number(business: Business) -> None:
    """Insert two entries of one number; their ids differ, for which the id's check must go."""
    with connection.cursor() as cursor:
        cursor.execute(
            "PRAGMA ignore_check_constraints = ON"
            if connection.vendor == "sqlite"
            else "ALTER TABLE money_entry DROP CONSTRAINT entry_id_is_book_and_number"
        )
    Entry.objects.bulk_create(
        [an_entry_row(business, id=7), an_entry_row(business, id=8, key="another")]
    )


# A name, what breaks it, and how SQLite tells of a UNIQUE one (a CHECK is told by its name).
BREAKERS: list[tuple[str, Callable[[Business], object], str]] = [
    (
        "account_kind_follows_from_code",
        lambda duka: Account.objects.filter(business=duka, code="1000").update(code="4001"),
        "",
    ),
    (
        "account_code_once_per_business",
        lambda duka: Account.objects.filter(business=duka, code="1010").update(code="1000"),
        "money_account.business_id, money_account.code",
    ),
    (
        "book_locked_days_are_closed",
        lambda duka: Book.objects.update(closed_through=DAY, locked_through=TODAY),
        "",
    ),
    (
        "business_approval_limit_is_not_negative",
        lambda duka: Business.objects.update(approval_above_cents=-1),
        "",
    ),
    (
        "business_trade_is_known",
        lambda duka: Business.objects.update(trade="bank"),
        "",
    ),
    (
        "entry_description_is_given",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, description="")]),
        "",
    ),
    (
        "entry_id_is_book_and_number",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, id=7)]),
        "",
    ),
    (
        "entry_key_once",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka), an_entry_row(duka, number=2)]),
        "money_entry.key",
    ),
    (
        "entry_key_is_given",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, key="")]),
        "",
    ),
    (
        # The id follows from book and number, so its own uniqueness is asked first on a plain
        # insert; SQLite is asked about another id, without that check, below.
        "entry_number_once_per_book",
        insert_same_number,
        "money_entry.business_id, money_entry.number",
    ),
    (
        "entry_kind_is_known",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, kind="guess")]),
        "",
    ),
    (
        "entry_late_for_an_earlier_day",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, late_for=TODAY)]),
        "",
    ),
    (
        "entry_number_is_positive",
        lambda duka: Entry.objects.bulk_create([an_entry_row(duka, number=0)]),
        "",
    ),
    (
        # It reverses itself; an entry of another book is refused by the same check.
        "entry_reverses_an_earlier_one_of_its_book",
        lambda duka: Entry.objects.bulk_create(
            [an_entry_row(duka, reverses_id=duka.pk * ENTRY_IDS_PER_BOOK + 1)]
        ),
        "",
    ),
    (
        "line_is_not_zero",
        lambda duka: Line.objects.bulk_create(
            [Line(entry_id=1, account=a_drawer(duka), occurred_on=TODAY, amount_cents=0)]
        ),
        "",
    ),
    (
        "line_tax_class_is_known",
        lambda duka: Line.objects.bulk_create(
            [
                Line(
                    entry_id=1,
                    account=a_drawer(duka),
                    occurred_on=TODAY,
                    amount_cents=1,
                    tax_class="F",
                )
            ]
        ),
        "",
    ),
    (
        "exciserate_is_positive",
        lambda duka: ExciseRate.objects.bulk_create(
            [ExciseRate(from_on=DAY, cents_per_1000_litres=0)]
        ),
        "",
    ),
    (
        "membership_once_per_role",
        insert_twice(lambda duka: Membership(user=a_user("amina"), business=duka, role=Role.OWNER)),
        "money_membership.user_id, money_membership.business_id, money_membership.role",
    ),
    (
        "membership_role_is_known",
        lambda duka: Membership.objects.bulk_create(
            [Membership(user=a_user("amina"), business=duka, role="king")]
        ),
        "",
    ),
    (
        "movement_is_not_negative",
        lambda duka: Movement.objects.bulk_create(
            [Movement(account=a_drawer(duka), month_on=DAY, debit_cents=-1, credit_cents=0)]
        ),
        "",
    ),
    (
        "movement_once_per_account_month_and_tax",
        insert_twice(
            lambda duka: Movement(
                account=a_drawer(duka), month_on=DAY, debit_cents=1, credit_cents=0
            )
        ),
        "money_movement.account_id, money_movement.month_on, money_movement.tax_class",
    ),
    (
        "taxperson_hold_has_a_reason",
        lambda duka: TaxPerson.objects.update(held_from=DAY),
        "",
    ),
    (
        "taxperson_keeps_five_years_or_more",
        lambda duka: TaxPerson.objects.update(keep_years=4),
        "",
    ),
    (
        "taxperson_year_ends_with_a_month",
        lambda duka: TaxPerson.objects.update(year_ends_month=13),
        "",
    ),
    (
        "taxperson_pin_has_eleven_characters",
        lambda duka: TaxPerson.objects.update(kra_pin="A00123456Z"),
        "",
    ),
    (
        "device_token_once",
        insert_twice(a_device_row),
        "money_device.token_digest",
    ),
    (
        "device_token_is_a_digest",
        lambda duka: Device.objects.bulk_create([a_device_row(duka, token_digest="the-token")]),
        "",
    ),
    (
        "device_has_a_name",
        lambda duka: Device.objects.bulk_create([a_device_row(duka, name="")]),
        "",
    ),
    (
        "device_revoked_has_who_and_when",
        lambda duka: Device.objects.bulk_create([a_device_row(duka, revoked_at=NOW)]),
        "",
    ),
    ("pin_is_locked_by_the_fifth_try", lambda duka: insert_pin(wrong_tries=5), ""),
    ("pin_cleared_has_who_and_when", lambda duka: insert_pin(cleared_at=NOW), ""),
    ("pin_without_hash_was_cleared", lambda duka: insert_pin(hash=""), ""),
    (
        "rolelimit_role_is_known_and_no_owner",
        lambda duka: insert_limit(duka, role=Role.OWNER),
        "",
    ),
    ("rolelimit_limit_is_known", lambda duka: insert_limit(duka, limit="patience"), ""),
    ("rolelimit_is_in_its_own_unit", lambda duka: insert_limit(duka, limit="discount"), ""),
    ("rolelimit_is_not_negative", lambda duka: insert_limit(duka, most_cents=-1), ""),
    (
        "rolelimit_at_most_the_whole_price",
        lambda duka: insert_limit(duka, limit="discount", most_cents=None, most_bp=10_001),
        "",
    ),
    ("staffevent_change_is_known", lambda duka: insert_staff_event(duka, change="sang"), ""),
    (
        "staffevent_is_of_a_person_or_of_a_limit",
        lambda duka: insert_staff_event(duka, change="limit", detail="Cashier: refund"),
        "",
    ),
    (
        "staffevent_of_a_limit_says_which",
        lambda duka: insert_staff_event(duka, change="limit", person=None),
        "",
    ),
    (
        "signintry_bucket_is_a_digest",
        lambda duka: SignInTry.objects.bulk_create([SignInTry(bucket_digest="amina", at=NOW)]),
        "",
    ),
    (
        "taxrate_at_most_whole",
        lambda duka: TaxRate.objects.update(rate_bp=10_001),
        "",
    ),
    (
        "taxrate_class_is_known",
        lambda duka: TaxRate.objects.bulk_create([TaxRate(tax_class="F", from_on=DAY, rate_bp=1)]),
        "",
    ),
    (
        "taxrate_one_per_class_and_day",
        insert_twice(lambda duka: TaxRate(tax_class="B", from_on=DAY, rate_bp=1)),
        "money_taxrate.tax_class, money_taxrate.from_on",
    ),
]


@pytest.fixture
def bare(duka: Business):
    """The tables without triggers, so that the constraint itself must answer; undone after."""
    with transaction.atomic():
        connection.check_constraints()
        triggers.drop()
        yield duka
        transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.parametrize(
    ("name", "breaker", "columns"), BREAKERS, ids=[name for name, _, _ in BREAKERS]
)
def test_constraint_refuses(
    bare: Business, name: str, breaker: Callable[[Business], object], columns: str
) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        breaker(bare)

    said = str(caught.value).splitlines()[0]
    if connection.vendor == "postgresql":
        assert f'"{name}"' in said
    elif columns:
        assert said == f"UNIQUE constraint failed: {columns}"
    else:
        assert said == f"CHECK constraint failed: {name}"


def test_every_named_constraint_is_broken_here() -> None:
    # The constraints of journals and periods are broken beside their actions.
    elsewhere = {"attachment", "journal", "journalline", "periodevent"}
    named = {
        constraint.name
        for model in apps.get_app_config("money").get_models()
        for constraint in model._meta.constraints
        if model._meta.model_name not in elsewhere
    }

    assert {name for name, _, _ in BREAKERS} == named


@pytest.mark.parametrize(
    "pin",
    ["", "A00123456Z", "A0012345678", "a001234567Z", "A001234567z", "A00123456\nZ", "A00123456Z\n"],
)
def test_tax_person_needs_a_pin_of_the_right_shape(db: None, pin: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TaxPerson.objects.bulk_create([TaxPerson(name="Amina", kra_pin=pin)])

    assert TaxPerson.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"), [("slug", "duka"), ("kra_pin", "A001234567Z"), ("key", "a-key")]
)
def test_natural_key_exists_once(bare: Business, field: str, value: str) -> None:
    an_entry(bare, key="a-key")
    second = {
        "slug": Business(tax_person=a_tax_person(), slug=value, name="x", trade="retail"),
        "kra_pin": TaxPerson(name="x", kra_pin=value),
        "key": an_entry_row(bare, number=2, key=value),
    }[field]

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        type(second)._base_manager.bulk_create([second])

    assert field in str(caught.value)
