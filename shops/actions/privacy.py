"""Erasing what a shop knows of a customer: name and phone go, what was sold and owed stays."""

from datetime import datetime

from django.db import transaction

from money.access import Ability, businesses_for
from money.cents import CENTS_PER_SHILLING, format_shillings
from money.models import Business, User
from money.retention import is_held
from mpesa.actions.erasure import NotAllowed, NotYet
from shops.models import Customer
from shops.queries.customers import debt_cents


def forget_customer(*, customer_id: int, business: Business, by: User, now: datetime) -> Customer:
    """Empty a customer's name and phone, and end the credit; who did it when is kept.

    Repeats change nothing. Raises NotAllowed, and NotYet while something is owed either way or
    the books are on hold.
    """
    if not businesses_for(by, Ability.MANAGE).filter(pk=business.pk).exists():
        raise NotAllowed("Only who manages a business may erase a customer's data.")
    with transaction.atomic():
        rows = Customer.objects.select_for_update(of=("self",))
        customer = rows.select_related("business__tax_person").get(
            pk=customer_id, business=business
        )
        _forget(customer, by, now)
    return customer


def forget_phone(*, phone: str, by: User, now: datetime) -> int:
    """Forget every customer with this phone, as `forget_customer` does; return how many.

    Call it in the transaction that erases what the rail knows. Raises NotAllowed where another
    business knows the phone, and NotYet.
    """
    rows = Customer.objects.select_for_update(of=("self",)).filter(phone=phone)
    customers = list(rows.select_related("business__tax_person").order_by("pk"))
    mine = set(businesses_for(by, Ability.MANAGE).values_list("pk", flat=True))
    if {customer.business_id for customer in customers} - mine:
        raise NotAllowed(
            "Another business knows this phone too: only who manages all of them may erase it."
        )
    for customer in customers:
        _forget(customer, by, now)
    return len(customers)


def _forget(customer: Customer, by: User, now: datetime) -> None:
    """Empty a locked customer. The refusals name the row, not the person."""
    if customer.erased_at:
        return
    business = customer.business
    # Who pays the cents of a debt by the whole shilling is owed less than anybody can be paid.
    debt = debt_cents(customer)
    if not -CENTS_PER_SHILLING < debt <= 0:
        raise NotYet(
            f"Customer {customer.pk} of {business} has KES {format_shillings(debt)} open. Settle"
            " it first."
        )
    if is_held(business.tax_person):
        reason = business.tax_person.hold_reason
        raise NotYet(f"The books of {business.tax_person.name} are on hold: {reason}")
    customer.name, customer.phone = _free_name(customer), ""
    customer.credit_limit_cents, customer.is_active = 0, False
    customer.erased_by, customer.erased_at = by, now
    customer.save()


def _free_name(customer: Customer) -> str:
    """Return a name that says nothing; somebody may have typed the usual one."""
    rows, name = Customer.objects.filter(business=customer.business), f"Erased {customer.pk}"
    while rows.filter(name__iexact=name).exclude(pk=customer.pk).exists():
        name += "."
    return name
