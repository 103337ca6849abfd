"""A sale whose payment turns out to be another than was thought: the last word is the right one."""

from datetime import timedelta

import pytest

from money.chart import Code
from money.models import Business
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.payments import Seen, record_payment
from mpesa.actions.reversals import take_back_forged
from mpesa.models import Payment, Source, StatementUpload, Till, UploadState
from mpesa.queries import inbox_ties
from shops.actions.inbox import match_to_sale
from shops.actions.settle import match_payment, reopen_sale
from shops.models import Sale, SaleState
from shops.queries.sales import payments_to_match, sales_to_reopen
from tests import make
from tests.make import NOW, TODAY

LATER = NOW + timedelta(days=1)


def sweep(now=NOW):
    """Do what the worker does every minute."""
    for reference in sales_to_reopen():
        reopen_sale(reference=reference, now=now)
    for payment in list(payments_to_match()):
        match_payment(payment_id=payment.pk, now=now)


def ties(business: Business) -> bool:
    ((inbox, account),) = inbox_ties([business]).values()
    return inbox == account and verify_books().is_ok


@pytest.fixture
def statement(till: Till) -> None:
    StatementUpload.objects.create(
        till=till, sha256="a" * 64, first_day=TODAY, last_day=TODAY, state=UploadState.DONE, at=NOW
    )


@pytest.mark.usefixtures("statement")
def test_money_that_came_after_all_waits_in_the_inbox_while_its_sale_is_owed(
    duka: Business, till: Till
) -> None:
    owner = make.amina()
    sale, payment = make.a_sale(duka), make.a_payment(till)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="form-key-1", by=owner, now=NOW)
    take_back_forged(payment_id=payment.pk, reason="Not on the statement", by=owner, now=NOW)
    sweep()

    seen = Seen(
        source=Source.PULL, till=till, receipt=payment.receipt, amount_cents=18_000, paid_at=NOW
    )
    record_payment(seen, recorded_at=LATER)
    sweep(LATER)

    assert Sale.objects.get().state == SaleState.OWED
    assert Payment.objects.get().left_cents == 18_000
    assert balances(duka)[Code.RECEIVABLE] == 18_000
    assert ties(duka)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="form-key-2", by=owner, now=LATER)
    assert Sale.objects.get().state == SaleState.PAID
    assert ties(duka)
