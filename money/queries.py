"""Reads of the ground floor: balances, tax rates, what an account took in on a day."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Count, Max, Q, QuerySet, Sum

from money.access import Ability, businesses_for, roles_with
from money.models import (
    AccountKind,
    Business,
    Device,
    EntryKind,
    ExciseRate,
    Journal,
    JournalState,
    Line,
    Membership,
    Movement,
    PeriodChange,
    PeriodEvent,
    Role,
    StaffEvent,
    TaxPerson,
    TaxRate,
    User,
)


def balances(business: Business) -> dict[str, int]:
    """Return account code -> balance in cents, debit positive, from the monthly movements."""
    rows = (
        Movement.objects.filter(account__business=business)
        .values_list("account__code")
        .annotate(debited=Sum("debit_cents"), credited=Sum("credit_cents"))
        .order_by("account__code")
    )
    return {code: debited - credited for code, debited, credited in rows}


def balances_of(businesses: Iterable[Business], code: str) -> dict[int, int]:
    """Return business id -> balance of the account `code` in cents, debit positive."""
    rows = (
        Movement.objects.filter(account__business__in=businesses, account__code=code)
        .values_list("account__business_id")
        .annotate(debited=Sum("debit_cents"), credited=Sum("credit_cents"))
    )
    return {business_id: debited - credited for business_id, debited, credited in rows}


def takings_on(
    businesses: Iterable[Business], code: str, day: date, *, but: Iterable[str] = ()
) -> dict[int, int]:
    """Return business id -> cents that came into `code`, and under it, on the business day `day`.

    What an accountant corrects, and what another business of the owner lends, was not taken; nor
    is what entries of keys that begin as one of `but` moved.
    """
    not_taken = reduce(or_, (Q(entry__key__startswith=key) for key in ("between:", *but)))
    rows = (
        Line.objects.filter(
            Q(account__code=code) | Q(account__code__startswith=f"{code}."),
            account__business__in=businesses,
            occurred_on=day,
            amount_cents__gt=0,
            entry__kind=EntryKind.FACT,
            entry__reverses=None,
        )
        .exclude(not_taken)
        .values_list("account__business_id")
        .annotate(total=Sum("amount_cents"))
    )
    return dict(rows)


def is_vat_registered(tax_person: TaxPerson, day: date) -> bool:
    """Tell whether VAT may be charged on `day`; below the registration it would be wrong."""
    return tax_person.vat_registered_from is not None and tax_person.vat_registered_from <= day


def excise_rate_on(tax_person: TaxPerson, day: date) -> int:
    """Return the duty on water on `day` in cents per 1,000 litres; 0 where none is owed."""
    begins = tax_person.excise_licensed_from
    if begins is None or begins > day:
        return 0
    rows = ExciseRate.objects.filter(from_on__lte=day).order_by("-from_on")
    return rows.values_list("cents_per_1000_litres", flat=True).first() or 0


def tax_rates_on(day: date) -> dict[str, int]:
    """Return tax class -> rate in basis points in force on `day`."""
    rows = TaxRate.objects.filter(from_on__lte=day).order_by("from_on")
    return dict(rows.values_list("tax_class", "rate_bp"))


def results_through(business: Business, month_end: date) -> dict[str, int]:
    """Return code -> balance of each income and expense account that moved; cents, debit positive.

    Through `month_end`, the last day of a month: movements know no shorter time.
    """
    rows = (
        Movement.objects.filter(
            account__business=business,
            account__kind__in=[AccountKind.INCOME, AccountKind.EXPENSE],
            month_on__lte=month_end,
        )
        .values_list("account__code")
        .annotate(debited=Sum("debit_cents"), credited=Sum("credit_cents"))
        .order_by("account__code")
    )
    return {code: debited - credited for code, debited, credited in rows}


def anchor_of(business: Business, day: date) -> PeriodEvent | None:
    """Return the event that closed `day` and was not undone; its hash is the anchor of the day."""
    return event_in_force(business, day)


def event_in_force(
    business: Business,
    day: date,
    *,
    changes: Collection[str] = (
        PeriodChange.DAY_CLOSED,
        PeriodChange.MONTH_LOCKED,
        PeriodChange.YEAR_CLOSED,
    ),
    through: date | None = None,
) -> PeriodEvent | None:
    """Return the first event of these kinds that covers `day` since that was last unlocked.

    `through` asks for an event that ends on exactly that day.
    """
    events = PeriodEvent.objects.filter(business=business)
    opened = events.filter(change=PeriodChange.UNLOCKED, through_on__lt=day).aggregate(
        last=Max("number")
    )["last"]
    found = events.filter(change__in=changes, number__gt=opened or 0, through_on__gte=day)
    if through:
        found = found.filter(through_on=through)
    return found.order_by("number").first()


def journals_waiting(businesses: Iterable[Business]) -> dict[int, int]:
    """Return business id -> how many journals wait for a second person, where any does."""
    rows = Journal.objects.filter(business__in=businesses, state=JournalState.PROPOSED)
    return dict(rows.values_list("business_id").annotate(count=Count("pk")))


def owner_addresses(business: Business) -> list[str]:
    """Return the e-mail addresses of the active owners, in the order in which they came."""
    owners = Membership.objects.filter(business=business, role=Role.OWNER, user__is_active=True)
    found = owners.exclude(user__email="").order_by("user_id")
    return list(found.values_list("user__email", flat=True).distinct())


def token_digest(token: str) -> str:
    """Return what is kept of a device's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def device_of_token(token: str) -> Device | None:
    """Return the device whose browser holds `token`, unless it was revoked."""
    found = Device.objects.filter(token_digest=token_digest(token), revoked_at=None)
    return found.select_related("business").first() if token else None


def people_with_pins(business: Business) -> QuerySet[User]:
    """Return who may switch to themselves at a counter: they sell there and have a PIN."""
    sellers = business.memberships.filter(role__in=roles_with(Ability.SELL)).values("user_id")
    people = User.objects.filter(pk__in=sellers, is_active=True, pin__isnull=False)
    return people.exclude(pin__hash="").order_by("first_name", "username")


def staff_of(business: Business) -> list[tuple[User, list[str]]]:
    """Return who has a role here with the roles, in the order of `Role`, by name."""
    people = User.objects.filter(memberships__business=business).distinct()
    held: dict[int, set[str]] = {}
    for user_id, role in business.memberships.values_list("user_id", "role"):
        held.setdefault(user_id, set()).add(role)
    return [
        (person, [role for role in Role.values if role in held.get(person.pk, ())])
        for person in people.order_by("first_name", "username")
    ]


def left_of(business: Business) -> QuerySet[User]:
    """Return who had a role here, as far as is on record, and has none any more."""
    known = StaffEvent.objects.filter(business=business, person__isnull=False).values("person_id")
    here = business.memberships.values("user_id")
    people = User.objects.filter(pk__in=known).exclude(pk__in=here)
    return people.order_by("first_name", "username")


def people_to_take_on(business: Business, by: User) -> QuerySet[User]:
    """Return whom `by` may give a role here without hiring: from other businesses, or back again.

    Of the businesses that `by` manages alone. A superuser is taken on by a superuser.
    """
    mine = businesses_for(by, Ability.MANAGE)
    known = StaffEvent.objects.filter(business__in=mine).values("person_id")
    people = User.objects.filter(
        Q(memberships__business__in=mine) | Q(pk__in=known.filter(person__isnull=False))
    )
    if not by.is_superuser:
        people = people.filter(is_superuser=False)
    here = business.memberships.values("user_id")
    return people.exclude(pk__in=here).distinct().order_by("first_name", "username")


def staff_events(business: Business) -> QuerySet[StaffEvent]:
    """Return what was done to the staff and the limits here, newest first."""
    events = StaffEvent.objects.filter(business=business).select_related("person", "by")
    return events.order_by("-pk")
