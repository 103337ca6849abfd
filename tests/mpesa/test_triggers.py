from typing import Any

import pytest
from django.db.models import Model

from money import triggers
from mpesa.models import InboundMessage, InboundState, Payment, PaymentRequest, RequestState, Till
from tests.make import NOW, a_business, a_callback, a_message, a_payment, a_request, a_till
from tests.mpesa.refusals import (
    SQLITE,
    broken,
    only_postgresql,
    only_sqlite,
    refused,
    replace_row,
    sql,
)

FROZEN_MESSAGE = "mpesa: what arrived is frozen; its body may only be erased"
FROZEN_REQUEST = "mpesa: what was asked is frozen"
FROZEN_PAYMENT = "mpesa: the facts of a payment are frozen"
DOWNGRADE = "mpesa: a success is never downgraded"
STAYS = "mpesa: a message that was understood stays so"
MESSAGE_KEPT = "mpesa: what arrived is kept"
REQUEST_KEPT = "mpesa: what was asked is kept"
PAYMENT_KEPT = "mpesa: this receipt is a payment already"
TABLES = {
    InboundMessage: "mpesa_inboundmessage",
    PaymentRequest: "mpesa_paymentrequest",
    Payment: "mpesa_payment",
}
KEPT_BY_SQLITE = {
    InboundMessage: MESSAGE_KEPT,
    PaymentRequest: REQUEST_KEPT,
    Payment: "mpesa: a payment is kept",
}


def kept(model: type[Model]) -> str:
    return KEPT_BY_SQLITE[model] if SQLITE else f"mpesa: rows of {TABLES[model]} are kept"


@pytest.fixture
def message(shop) -> InboundMessage:
    return a_message(shop.till, body=a_callback())


@pytest.fixture
def request_row(shop) -> PaymentRequest:
    return a_request(shop.till)


@pytest.fixture
def payment(shop) -> Payment:
    return a_payment(shop.till)


def another_till() -> Till:
    return a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")


# Messages


@pytest.mark.parametrize(
    "change",
    [
        {"channel": "x"},
        {"token_digest": "x"},
        {"sha256": "x"},
        {"address": "x"},
        {"headers": {"a": "b"}},
        {"received_at": NOW.replace(year=2025)},
        {"till": None},
        {"spool_id": "x"},
        {"body": b"another"},
        {"body": b""},
        {"id": 10**9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_facts_of_a_message_are_frozen(message, change):
    with refused(FROZEN_MESSAGE):
        InboundMessage.objects.filter(pk=message.pk).update(**change)


def test_facts_of_a_message_are_frozen_in_sql(message):
    with refused(FROZEN_MESSAGE):
        sql("UPDATE mpesa_inboundmessage SET sha256 = 'x'")


def test_till_of_a_message_is_frozen(message):
    with refused(FROZEN_MESSAGE):
        InboundMessage.objects.update(till=another_till())


def test_body_of_a_message_may_be_erased_and_never_comes_back(message):
    InboundMessage.objects.update(body=None)

    with refused(FROZEN_MESSAGE):
        InboundMessage.objects.update(body=a_callback())

    message.refresh_from_db()
    assert message.body is None


@pytest.mark.parametrize("state", [InboundState.WAITING, InboundState.QUARANTINED])
def test_an_understood_message_stays_understood(message, state):
    InboundMessage.objects.update(state=InboundState.UNDERSTOOD, handled_at=NOW)
    handled_at = None if state == InboundState.WAITING else NOW

    with refused(STAYS):
        InboundMessage.objects.update(state=state, handled_at=handled_at)


# Requests


@pytest.mark.parametrize(
    "change",
    [
        {"key": "x"},
        {"reference": "x"},
        {"amount_cents": 100},
        {"created_at": NOW.replace(year=2025)},
        {"id": 10**9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_facts_of_a_request_are_frozen(request_row, change):
    with refused(FROZEN_REQUEST):
        PaymentRequest.objects.update(**change)


def test_facts_of_a_request_are_frozen_in_sql(request_row):
    with refused(FROZEN_REQUEST):
        sql("UPDATE mpesa_paymentrequest SET amount_cents = amount_cents + 100")


def test_till_of_a_request_is_frozen(request_row):
    with refused(FROZEN_REQUEST):
        PaymentRequest.objects.update(till=another_till())


@pytest.mark.parametrize("state", [s for s in RequestState.values if s != RequestState.PAID])
def test_a_paid_request_is_never_downgraded(request_row, state):
    PaymentRequest.objects.update(state=RequestState.PAID, result_code="0")

    with refused(DOWNGRADE):
        PaymentRequest.objects.update(state=state)
    with refused(DOWNGRADE):
        sql("UPDATE mpesa_paymentrequest SET state = %s", state)


@pytest.mark.parametrize("state", [s for s in RequestState.values if s != RequestState.PAID])
def test_what_only_a_guess_called_paid_may_be_unknown_and_nothing_else(request_row, state):
    PaymentRequest.objects.update(state=RequestState.PAID)

    if state == RequestState.UNKNOWN:
        PaymentRequest.objects.update(state=state)
        return
    with refused(DOWNGRADE):
        PaymentRequest.objects.update(state=state)


# Payments


@pytest.mark.parametrize(
    "change",
    [
        {"receipt": "UKM5A1B2C9"},
        {"amount_cents": 18_100},
        {"paid_at": NOW.replace(year=2025)},
        {"id": 10**9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_facts_of_a_payment_are_frozen(payment, change):
    with refused(FROZEN_PAYMENT):
        Payment.objects.update(**change)


def test_facts_of_a_payment_are_frozen_in_sql(payment):
    with refused(FROZEN_PAYMENT):
        sql("UPDATE mpesa_payment SET amount_cents = amount_cents + 1")


def test_till_of_a_payment_is_frozen(payment):
    with refused(FROZEN_PAYMENT):
        Payment.objects.update(till=another_till())


def test_request_of_a_payment_is_linked_once(shop, payment, request_row):
    second = a_request(shop.till, reference="sale:2", token="2", checkout_request_id="")
    Payment.objects.update(request=request_row)

    with refused(FROZEN_PAYMENT):
        Payment.objects.update(request=second)
    with refused(FROZEN_PAYMENT):
        Payment.objects.update(request=None)

    payment.refresh_from_db()
    assert payment.request == request_row


# Deletes


@pytest.mark.parametrize("model", TABLES)
def test_rows_are_kept(message, request_row, payment, model):
    with refused(kept(model)):
        model.objects.get().delete()
    with refused(kept(model)):
        sql(f"DELETE FROM {TABLES[model]}")

    assert model.objects.count() == 1


@only_postgresql
@pytest.mark.parametrize("model", TABLES)
def test_tables_are_not_truncated(message, request_row, payment, model):
    sql("SET CONSTRAINTS ALL IMMEDIATE")

    with refused(kept(model)):
        sql(f"TRUNCATE {TABLES[model]} CASCADE")


@only_postgresql
def test_replica_mode_does_not_walk_past(payment):
    sql("SET LOCAL session_replication_role = replica")

    with refused(FROZEN_PAYMENT):
        sql("UPDATE mpesa_payment SET amount_cents = 1")


# What SQLite would replace


@only_sqlite
@pytest.mark.parametrize(
    "changes",
    [{}, {"id": 999}, {"receipt": "UKM5A1B2C9"}, {"id": 999, "receipt": "UKM5A1B2C9"}],
    ids=["all", "by receipt and request", "by id and request", "by request"],
)
def test_a_payment_is_not_replaced(shop, request_row, changes):
    a_payment(shop.till, request=request_row)

    with refused(PAYMENT_KEPT):
        replace_row(Payment, **changes, allocated_cents=5)


@only_sqlite
def test_a_payment_is_not_replaced_by_an_update(shop, request_row):
    a_payment(shop.till, request=request_row)
    a_payment(shop.till, receipt="UKM5A1B2C9")

    with refused(FROZEN_PAYMENT):
        sql(
            "UPDATE OR REPLACE mpesa_payment SET request_id = %s WHERE receipt = 'UKM5A1B2C9'",
            request_row.pk,
        )

    assert Payment.objects.count() == 2


@only_sqlite
def test_a_message_is_not_replaced(message):
    with refused(MESSAGE_KEPT):
        replace_row(InboundMessage, body=b"forged")


ALL_NEW = {"id": 999, "key": "k", "token_digest": "t", "checkout_request_id": "c", "reference": "r"}


@only_sqlite
@pytest.mark.parametrize("same", ALL_NEW)
def test_a_request_is_not_replaced(request_row, same):
    changes = {name: value for name, value in ALL_NEW.items() if name != same}

    with refused(REQUEST_KEPT):
        replace_row(PaymentRequest, **changes)


@only_sqlite
@pytest.mark.parametrize("same", ["token_digest", "checkout_request_id", "state"])
def test_a_request_is_not_replaced_by_an_update(shop, request_row, same):
    a_request(shop.till, state=RequestState.UNKNOWN, token="2", checkout_request_id="")

    with refused(REQUEST_KEPT):
        sql(
            f"UPDATE OR REPLACE mpesa_paymentrequest SET {same} = %s WHERE state = 'unknown'",
            getattr(request_row, same),
        )

    assert PaymentRequest.objects.count() == 2


@only_sqlite
def test_a_new_request_with_all_new_values_is_taken(request_row):
    replace_row(PaymentRequest, **ALL_NEW)

    assert PaymentRequest.objects.count() == 2


# Constraints, by name


@pytest.fixture
def _without_triggers(shop) -> None:
    """Leave the constraints alone with what the triggers refuse before; undone by rollback."""
    triggers.drop()


def test_till_kind_is_known(shop):
    with broken("till_kind_is_known"):
        Till.objects.update(kind="bank")


@pytest.mark.parametrize("column", ["number", "shortcode"])
@pytest.mark.parametrize("text", ["", "1234", "99003 2", "99003O2"])
def test_till_numbers_are_digits(shop, column, text):
    with broken("till_numbers_are_digits"):
        Till.objects.update(**{column: text})


def test_till_paybill_is_its_shortcode(shop):
    with broken("till_paybill_is_its_shortcode"):
        Till.objects.update(kind="paybill")


def test_till_previous_secret_once(shop):
    Till.objects.filter(pk=another_till().pk).update(previous_secret="x", rotated_at=NOW)

    with broken("till_previous_secret_once", "mpesa_till.previous_secret"):
        Till.objects.filter(pk=shop.till.pk).update(previous_secret="x", rotated_at=NOW)


def test_till_rotation_has_its_time(shop):
    with broken("till_rotation_has_its_time"):
        Till.objects.update(previous_secret="x")


def test_inbound_spooled_once(shop):
    arrival = {"channel": "mpesa.stk", "till": shop.till, "received_at": NOW, "spool_id": "a" * 32}
    InboundMessage.objects.create(**arrival)

    with refused(MESSAGE_KEPT) if SQLITE else broken("inbound_spooled_once"):
        InboundMessage.objects.create(**arrival)
    for _ in range(2):
        InboundMessage.objects.create(**arrival | {"spool_id": ""})


def test_inbound_state_is_known(message):
    with broken("inbound_state_is_known"):
        InboundMessage.objects.update(state="lost", handled_at=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"state": InboundState.UNDERSTOOD},
        {"state": InboundState.QUARANTINED},
        {"handled_at": NOW},
    ],
)
def test_inbound_handled_or_waiting(message, change):
    with broken("inbound_handled_or_waiting"):
        InboundMessage.objects.update(**change)


def test_request_state_is_known(request_row):
    with broken("request_state_is_known"):
        PaymentRequest.objects.update(state="lost")


@pytest.mark.parametrize("cents", [99, 0, -100, 150, 25_000_001, 25_000_100])
def test_request_is_whole_shillings_within_limits(shop, cents):
    with broken("request_is_whole_shillings_within_limits"):
        a_request(shop.till, amount_cents=cents)


@pytest.mark.usefixtures("_without_triggers")
def test_request_one_live_per_reference(shop, request_row):
    with broken("request_one_live_per_reference", "mpesa_paymentrequest.reference"):
        a_request(shop.till, token="2", checkout_request_id="")


@pytest.mark.usefixtures("_without_triggers")
def test_request_token_once(shop, request_row):
    with broken("request_token_once", "mpesa_paymentrequest.token_digest"):
        a_request(shop.till, reference="sale:2", checkout_request_id="")


@pytest.mark.usefixtures("_without_triggers")
def test_request_checkout_id_once(shop, request_row):
    with broken("request_checkout_id_once", "mpesa_paymentrequest.checkout_request_id"):
        a_request(shop.till, reference="sale:2", token="2")


def test_payment_amount_is_positive(shop):
    with broken("payment_amount_is_positive"):
        a_bare_payment(shop.till, amount_cents=0)


@pytest.mark.parametrize("cents", [-1, 18_001])
def test_payment_allocated_within_amount(payment, cents):
    with broken("payment_allocated_within_amount"):
        Payment.objects.update(allocated_cents=cents)


@pytest.mark.parametrize("receipt", ["", "UKM5A", "ukm5a1b2c3", "UKM5 A1B2", "U" * 20 + "-"])
def test_payment_receipt_looks_right(shop, receipt):
    with broken("payment_receipt_looks_right"):
        a_bare_payment(shop.till, receipt=receipt[-20:])


def a_bare_payment(till: Till, **changes: Any) -> Payment:
    return Payment.objects.create(
        **{
            "till": till,
            "receipt": "UKM5A1B2C3",
            "amount_cents": 100,
            "paid_at": NOW,
            "recorded_at": NOW,
            **changes,
        }
    )


@pytest.mark.django_db
def test_triggers_are_what_their_files_say():
    assert triggers.differences() == []
