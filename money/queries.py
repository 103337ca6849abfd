"""Reads of the ground floor: balances, tax rates, what an account took in on a day."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Sum

from money.models import Business, Line, Movement, TaxPerson, TaxRate


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


def debits_on(businesses: Iterable[Business], code: str, day: date) -> dict[int, int]:
    """Return business id -> cents debited to the account `code` on the business day `day`."""
    rows = (
        Line.objects.filter(
            account__business__in=businesses,
            account__code=code,
            occurred_on=day,
            amount_cents__gt=0,
        )
        .values_list("account__business_id")
        .annotate(total=Sum("amount_cents"))
    )
    return dict(rows)


def is_vat_registered(tax_person: TaxPerson, day: date) -> bool:
    """Tell whether VAT may be charged on `day`; below the registration it would be wrong."""
    return tax_person.vat_registered_from is not None and tax_person.vat_registered_from <= day


def tax_rates_on(day: date) -> dict[str, int]:
    """Return tax class -> rate in basis points in force on `day`."""
    rows = TaxRate.objects.filter(from_on__lte=day).order_by("from_on")
    return dict(rows.values_list("tax_class", "rate_bp"))
