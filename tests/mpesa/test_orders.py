"""Questions to Safaricom and reversals: a row first, at most one reversal, results by token."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from money.chart import Code
from money.models import Entry, User
from money.queries import balances
from mpesa.actions.allocations import Match, allocate, locked_payment
from mpesa.actions.inbound import receive, understand
from mpesa.actions.orders import (
    ask_about,
    ask_balance,
    follow_up,
    orders_to_send,
    send,
)
from mpesa.actions.payments import OtherFacts
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.reversals import (
    NotReversible,
    approve_reversal,
    decline_reversal,
    give_up_reversal,
    note_reversal,
    propose_reversal,
    take_back_forged,
    take_outside_reversal,
)
from mpesa.addresses import RESULT, TIMEOUT
from mpesa.masking import mask_phone
from mpesa.models import (
    AccountBalance,
    Allocation,
    InboundState,
    InitiatorOrder,
    OrderState,
    Origin,
    Payment,
    Purpose,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementUpload,
    UploadState,
)
from mpesa.queries import inbox_of
from mpesa.rail import rail_of
from tests.make import NOW, TODAY, a_payment, a_request, a_till, a_user, amina, baraka, chebet
from tests.mpesa.gateway import answer, sample

LATER = NOW + timedelta(seconds=30)
ACCEPTED = sample(200, "transaction-status-response")


def a_result(**changes):
    """Write a result; `parameters` is a dict."""
    parameters = changes.pop("parameters", {})
    told = {
        "ResultType": 0,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "OriginatorConversationID": "",
        "ConversationID": "AG_20261122_1",
        "TransactionID": "UKM0000000",
        "ResultParameters": {
            "ResultParameter": [{"Key": key, "Value": value} for key, value in parameters.items()]
        },
    }
    return json.dumps({"Result": told | changes}).encode()


def a_status(**changes):
    """Write the status of a completed payment of KES 500 to the shop's till."""
    return a_result(
        parameters={
            "DebitPartyName": "0700000101 - Achieng  wanjiru",
            "CreditPartyName": "9900300 - AMINA DUKA",
            "FinalisedTime": 20261122115500,
            "TransactionStatus": "Completed",
            "Amount": 500.0,
            "ReceiptNo": "UKM5A1B2Z9",
        }
        | changes
    )


def token_of(gateway, number=-1):
    """Return the token in the ResultURL that the gateway was given."""
    return gateway.asked[number].body["ResultURL"].rsplit("/", 1)[-1]


def hear(shop, token, body, kind=RESULT):
    message = receive(
        channel=kind.channel,
        till=shop.till,
        token=token,
        body=body,
        address="",
        headers={},
        received_at=LATER,
    )
    understand(message_id=message.pk, now=LATER)
    message.refresh_from_db()
    return message.state, message.note


@pytest.fixture
def asked(shop, gateway):
    """Return an order about a receipt that was sent."""
    gateway.will_answer(ACCEPTED)
    order = ask_about(till=shop.till, receipt="UKM5A1B2Z9", by=None, now=NOW)
    assert send(order_id=order.pk, now=NOW) == OrderState.ASKED
    return order


def test_a_receipt_that_safaricom_vouches_for_becomes_a_payment(shop, gateway, asked):
    assert hear(shop, token_of(gateway), a_status()) == (InboundState.UNDERSTOOD, "")

    payment = Payment.objects.get()
    asked.refresh_from_db()
    assert (payment.receipt, payment.amount_cents) == ("UKM5A1B2Z9", 50_000)
    assert payment.paid_at == datetime(2026, 11, 22, 8, 55, tzinfo=UTC)
    assert payment.payer.name == "Achieng wanjiru"
    assert payment.payer.phone == mask_phone("254700000101")
    assert (asked.state, Sighting.objects.get().source) == (OrderState.DONE, Source.STATUS)


def test_a_result_twice_is_taken_once(shop, gateway, asked):
    found = [hear(shop, token_of(gateway), a_status()) for _ in range(2)]

    assert found[1] == (InboundState.UNDERSTOOD, "A repeat: the result was known.")
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"TransactionStatus": "Declined"},
        {"CreditPartyName": "600991 - SOMEBODY ELSE"},
        {"Amount": ""},
    ],
)
def test_a_status_that_is_no_payment_to_the_till_records_nothing(shop, gateway, asked, changes):
    hear(shop, token_of(gateway), a_status(**changes))

    asked.refresh_from_db()
    assert (Payment.objects.count(), asked.state) == (0, OrderState.FAILED)


def test_a_status_about_another_receipt_goes_to_quarantine(shop, gateway, asked):
    state, note = hear(shop, token_of(gateway), a_status(ReceiptNo="UKM5A1B2Z8"))

    assert (state, Payment.objects.count()) == (InboundState.QUARANTINED, 0)
    assert note == "The status is about another receipt than we asked for."


def test_a_result_without_its_token_goes_to_quarantine(shop, gateway, asked):
    found = [hear(shop, token, a_status()) for token in ("", "guessed", token_of(gateway)[:-1])]

    assert found == [(InboundState.QUARANTINED, "No order of ours has this address.")] * 3
    assert Payment.objects.count() == 0


def test_a_question_is_asked_once_an_hour(shop, asked):
    again = ask_about(till=shop.till, receipt="UKM5A1B2Z9", by=None, now=LATER)
    later = ask_about(till=shop.till, receipt="UKM5A1B2Z9", by=None, now=NOW + timedelta(hours=1))

    assert (again, later == asked) == (asked, False)


def test_a_question_without_a_result_is_asked_again_and_not_for_ever(shop, gateway, asked):
    now = NOW
    for _ in range(20):
        now += timedelta(hours=7)
        follow_up(now=now)
        for order_id in orders_to_send(now):
            send(order_id=order_id, now=now)

    asked.refresh_from_db()
    assert (asked.state, asked.tries) == (OrderState.UNKNOWN, 8)
    assert len([one for one in gateway.asked if "transactionstatus" in one.path]) == 8


def test_a_late_result_of_an_order_given_up_is_taken(shop, gateway, asked):
    InitiatorOrder.objects.update(state=OrderState.UNKNOWN)

    hear(shop, token_of(gateway), a_status())

    assert Payment.objects.count() == 1


def test_an_order_is_sent_by_one_of_two_workers(shop, gateway, asked):
    assert send(order_id=asked.pk, now=NOW) is None


def test_a_refused_order_ends_with_the_reason(shop, gateway):
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": "Bad Initiator"}))
    order = ask_about(till=shop.till, receipt="UKM5A1B2Z9", by=None, now=NOW)

    assert send(order_id=order.pk, now=NOW) == OrderState.FAILED


def test_a_balance_is_noted_per_account_and_stands_on_the_tills_card(shop, gateway):
    gateway.will_answer(sample(200, "account-balance-response"))
    order = ask_balance(till=shop.till, by=None, now=NOW)
    assert ask_balance(till=shop.till, by=None, now=NOW).pk == order.pk
    send(order_id=order.pk, now=NOW)

    text = "Working Account|KES|-120.00|120.00|0.00|0.00&Utility Account|KES|48250.50|48250.50|0|0"
    for _ in range(2):
        hear(shop, token_of(gateway), a_result(parameters={"AccountBalance": text}))

    order.refresh_from_db()
    assert order.state == OrderState.DONE
    (standing,) = rail_of([shop.business], NOW).tills
    found = [(one.account, one.balance_cents) for one in standing.balances]
    assert found == [("Utility Account", 4_825_050), ("Working Account", -12_000)]
    assert (standing.balance_order, standing.balances[0].at) == (order, LATER)


def test_the_newest_balance_of_each_account_is_shown(shop):
    orders = [ask_balance(till=shop.till, by=None, now=NOW + timedelta(hours=n)) for n in (0, 1)]
    for order, (account, cents) in zip(
        [orders[0], orders[0], orders[1]], [("A", 1), ("B", 2), ("B", 3)], strict=True
    ):
        AccountBalance.objects.create(
            till=shop.till, order=order, account=account, balance_cents=cents, at=order.created_at
        )

    (standing,) = rail_of([shop.business], NOW).tills
    assert [(one.account, one.balance_cents) for one in standing.balances] == [("A", 1), ("B", 3)]


# ---- reversals ----


def a_matched_payment(shop, cents=50_000):
    payment = a_payment(shop.till, receipt="UKM5A1B2Z9", amount_cents=cents)
    match = Match(
        key="match:1",
        purpose=Purpose.SALE,
        reference="sale:1",
        account_code=Code.RECEIVABLE,
        amount_cents=cents,
        description="Matched",
    )
    allocate(locked_payment(payment.pk), match, occurred_on=TODAY, actor=None, now=NOW)
    return payment


@pytest.fixture
def reversing(shop, gateway):
    """Return a reversal of a matched payment that was sent."""
    payment = a_matched_payment(shop)
    gateway.will_answer(sample(200, "reversal-response"))
    reversal = propose_reversal(
        payment_id=payment.pk, amount_cents=50_000, reason="Wrong goods", by=amina(), now=NOW
    )
    assert reversal.order
    send(order_id=reversal.order.pk, now=NOW)
    return reversal


def done(receipt="UKM5A1B2R1", **changes):
    return a_result(
        TransactionID=receipt,
        parameters={
            "Amount": 500.00,
            "TransCompletedTime": 20261122120005,
            "OriginalTransactionID": "UKM5A1B2Z9",
        }
        | changes,
    )


def test_a_reversal_is_posted_when_its_result_comes(shop, gateway, reversing):
    assert Entry.objects.filter(key__startswith="reversal:").count() == 0

    assert hear(shop, token_of(gateway), done()) == (InboundState.UNDERSTOOD, "")

    reversing.refresh_from_db()
    payment = Payment.objects.get()
    assert (reversing.state, reversing.receipt) == (ReversalState.DONE, "UKM5A1B2R1")
    assert (payment.reversed_cents, payment.allocated_cents, payment.left_cents) == (50_000, 0, 0)
    assert Allocation.objects.get().undone_at == LATER
    assert balances(shop.business) == {
        Code.MPESA_TILL: 0,
        Code.UNIDENTIFIED: 0,
        Code.RECEIVABLE: 0,
    }
    assert inbox_of([shop.business]) == {}


def test_a_reversals_result_twice_is_posted_once(shop, gateway, reversing):
    for _ in range(2):
        hear(shop, token_of(gateway), done())

    assert Entry.objects.filter(key__startswith="reversal:").count() == 1


@pytest.mark.parametrize(
    ("code", "note"), [("1", "Not enough money"), ("R000001", "reversed before"), ("77", "77: No")]
)
def test_a_reversal_that_fails_says_why_and_posts_nothing(shop, gateway, reversing, code, note):
    hear(shop, token_of(gateway), a_result(ResultCode=code, ResultDesc="No", TransactionID="x"))

    reversing.refresh_from_db()
    assert (reversing.state, note in reversing.note) == (ReversalState.REFUSED, True)
    assert Entry.objects.filter(key__startswith="reversal:").count() == 0


@pytest.mark.parametrize("changes", [{"OriginalTransactionID": "UKM5A1B2X1"}, {"Amount": 400.00}])
def test_a_reversal_of_something_else_goes_to_quarantine(shop, gateway, reversing, changes):
    state, _ = hear(shop, token_of(gateway), done(**changes))

    assert (state, Payment.objects.get().reversed_cents) == (InboundState.QUARANTINED, 0)


def test_a_reversal_is_never_sent_twice_and_becomes_unknown(shop, gateway, reversing):
    for days in (1, 2):
        now = NOW + timedelta(days=days)
        follow_up(now=now)
        assert orders_to_send(now) == []

    reversing.order.refresh_from_db()
    assert reversing.order.state == OrderState.UNKNOWN
    assert len([one for one in gateway.asked if "reversal" in one.path]) == 1


def test_a_timeout_leaves_a_reversal_unknown_and_the_statement_completes_it(
    shop, gateway, reversing
):
    hear(shop, token_of(gateway), b'{"Any": "thing"}', kind=TIMEOUT)
    reversing.refresh_from_db()
    assert reversing.state == ReversalState.UNKNOWN

    found = take_outside_reversal(
        payment_id=reversing.payment_id,
        receipt="UKM5A1B2R1",
        amount_cents=50_000,
        reason="Says the statement.",
        now=LATER,
    )

    assert (found, Reversal.objects.count()) == (reversing, 1)
    assert Payment.objects.get().reversed_cents == 50_000


def test_a_reversal_by_safaricom_is_posted_once_whoever_tells(shop):
    payment = a_matched_payment(shop)
    facts = {
        "payment_id": payment.pk,
        "receipt": "UKM5A1B2R1",
        "amount_cents": 50_000,
        "reason": "Says the statement.",
        "now": LATER,
    }

    first, second = take_outside_reversal(**facts), take_outside_reversal(**facts)

    assert first is not None
    assert (first.origin, second) == (Origin.SAFARICOM, None)
    assert inbox_of([shop.business]) == {}


def test_a_partial_reversal_leaves_the_rest_in_the_inbox(shop):
    payment = a_matched_payment(shop)

    take_outside_reversal(
        payment_id=payment.pk,
        receipt="UKM5A1B2R1",
        amount_cents=20_000,
        reason="Says the statement.",
        now=LATER,
    )

    assert inbox_of([shop.business]) == {shop.business.pk: 30_000}
    assert balances(shop.business)[Code.UNIDENTIFIED] == -30_000


def test_above_the_limit_a_second_person_approves(shop, gateway):
    shop.business.approval_above_cents = 40_000
    shop.business.save()
    owner, other = amina(), a_user("wanjiru", duka="owner")
    payment = a_matched_payment(shop)
    reversal = propose_reversal(
        payment_id=payment.pk, amount_cents=50_000, reason="Wrong goods", by=owner, now=NOW
    )
    assert (reversal.state, InitiatorOrder.objects.count()) == (ReversalState.PROPOSED, 0)
    with pytest.raises(NotReversible):
        approve_reversal(reversal_id=reversal.pk, by=owner, now=NOW)

    approved = approve_reversal(reversal_id=reversal.pk, by=other, now=LATER)

    assert (approved.state, InitiatorOrder.objects.count()) == (ReversalState.APPROVED, 1)
    with pytest.raises(NotReversible):
        decline_reversal(reversal_id=reversal.pk, by=other, now=LATER)


def test_a_proposal_that_is_declined_makes_room_for_another(shop):
    shop.business.approval_above_cents = 0
    shop.business.save()
    owner, payment = amina(), a_matched_payment(shop)
    facts = {"payment_id": payment.pk, "amount_cents": 100, "reason": "Too much paid"}
    reversal = propose_reversal(**facts, by=owner, now=NOW)
    with pytest.raises(NotReversible):
        propose_reversal(**facts, by=owner, now=NOW)

    decline_reversal(reversal_id=reversal.pk, by=owner, now=LATER)

    assert propose_reversal(**facts, by=owner, now=LATER).state == ReversalState.PROPOSED


@pytest.mark.parametrize(
    ("cents", "reason"), [(0, "Wrong goods"), (50_001, "Wrong goods"), (100, " ")]
)
def test_what_cannot_be_reversed_is_refused(shop, cents, reason):
    payment = a_matched_payment(shop)

    with pytest.raises(NotReversible):
        propose_reversal(
            payment_id=payment.pk, amount_cents=cents, reason=reason, by=amina(), now=NOW
        )


@pytest.mark.parametrize("who", [baraka, chebet])
def test_only_who_manages_the_business_reverses(shop, who):
    payment = a_matched_payment(shop)

    with pytest.raises(NotAllowed):
        propose_reversal(
            payment_id=payment.pk, amount_cents=100, reason="Wrong goods", by=who(), now=NOW
        )


def test_an_owner_notes_a_reversal_made_on_the_portal(shop):
    payment, owner = a_matched_payment(shop), amina()
    facts = {"payment_id": payment.pk, "receipt": "UKM5A1B2R1", "amount_cents": 50_000}

    note_reversal(**facts, reason="Done on the portal", by=owner, now=LATER)

    assert Payment.objects.get().reversed_cents == 50_000
    with pytest.raises(NotReversible):
        note_reversal(**facts, reason="Done on the portal", by=owner, now=LATER)


def a_statement_of_today(till):
    return StatementUpload.objects.create(
        till=till,
        name="Statements for 9900300",
        sha256="0" * 64,
        first_day=TODAY,
        last_day=TODAY,
        state=UploadState.DONE,
        at=NOW,
    )


def test_without_the_statement_nobody_knows_that_a_payment_never_came(shop):
    forged = a_payment(shop.till, receipt="UKM5A1B2F1", amount_cents=50_000)

    with pytest.raises(NotReversible, match="Bring in the statement of 22 Nov first"):
        take_back_forged(payment_id=forged.pk, reason="Looks odd", by=amina(), now=NOW)


def test_what_speaks_for_a_payment_that_was_taken_back_is_looked_at(shop):
    a_statement_of_today(shop.till)
    forged = a_payment(shop.till, receipt="UKM5A1B2F1", amount_cents=50_000)
    take_back_forged(payment_id=forged.pk, reason="Not on the statement", by=amina(), now=NOW)

    with pytest.raises(OtherFacts, match="took this payment back"):
        a_payment(shop.till, receipt="UKM5A1B2F1", amount_cents=50_000)


def test_a_forged_payment_is_taken_out_but_not_one_that_safaricom_vouched_for(shop):
    forged = a_payment(shop.till, receipt="UKM5A1B2F1", amount_cents=50_000)
    genuine = a_payment(
        shop.till, receipt="UKM5A1B2G1", amount_cents=18_000, request=a_request(shop.till)
    )
    owner = amina()
    a_statement_of_today(shop.till)

    taken = take_back_forged(payment_id=forged.pk, reason="Not on the statement", by=owner, now=NOW)

    assert (taken.origin, balances(shop.business)[Code.MPESA_TILL]) == (Origin.FORGED, 18_000)
    with pytest.raises(NotReversible):
        take_back_forged(payment_id=genuine.pk, reason="Not on the statement", by=owner, now=NOW)


# ---- what went wrong once ----


def the_owner():
    return User.objects.filter(username="amina").first() or amina()


def noted(reversal, receipt="UKM5A1B2R1", cents=50_000):
    return note_reversal(
        payment_id=reversal.payment_id,
        receipt=receipt,
        amount_cents=cents,
        reason="Done on the portal",
        by=the_owner(),
        now=LATER,
    )


def proposed(payment, cents, now=NOW):
    return propose_reversal(
        payment_id=payment.pk, amount_cents=cents, reason="Wrong goods", by=the_owner(), now=now
    )


def test_a_reversal_that_was_noted_is_not_sent_any_more(shop):
    reversal = proposed(a_matched_payment(shop), 50_000)

    noted(reversal)

    assert orders_to_send(LATER) == []
    assert InitiatorOrder.objects.get().state == OrderState.FAILED


def test_a_second_reversal_of_what_was_noted_is_seen(shop, gateway, reversing):
    noted(reversing, cents=50_000)

    state, note = hear(shop, token_of(gateway), done("UKM5A1B2R2"))

    assert (state, "two may have gone back" in note) == (InboundState.QUARANTINED, True)


def test_parts_do_not_walk_past_the_second_person(shop, gateway):
    shop.business.approval_above_cents = 10_000
    shop.business.save()
    payment = a_matched_payment(shop)
    gateway.will_answer(sample(200, "reversal-response"))
    first = proposed(payment, 10_000)
    assert first.order
    send(order_id=first.order.pk, now=NOW)
    hear(shop, token_of(gateway), done(Amount=100.00))

    assert proposed(payment, 100, LATER).state == ReversalState.PROPOSED


def test_a_payment_to_a_person_is_not_ours(shop, gateway, asked):
    hear(shop, token_of(gateway), a_status(CreditPartyName="254712345678 - JOHN FRIEND"))

    assert Payment.objects.count() == 0


def test_a_result_without_its_receipt_gets_it_from_the_statement(shop, gateway):
    payment = a_matched_payment(shop)
    gateway.will_answer(sample(200, "reversal-response"))
    reversal = proposed(payment, 20_000)
    assert reversal.order
    send(order_id=reversal.order.pk, now=NOW)
    hear(shop, token_of(gateway), done("UKM0000000", Amount=200.00))

    found = take_outside_reversal(
        payment_id=payment.pk,
        receipt="UKM5A1B2R1",
        amount_cents=20_000,
        reason="Says the statement.",
        now=LATER,
    )

    reversal.refresh_from_db()
    payment.refresh_from_db()
    assert (found, reversal.receipt, payment.reversed_cents) == (None, "UKM5A1B2R1", 20_000)


def test_what_was_marked_for_refund_goes_back_first(shop):
    payment = a_payment(shop.till, receipt="UKM5A1B2Z9", amount_cents=50_000)
    for key, purpose, cents in (("a", Purpose.REFUND, 20_000), ("b", Purpose.SALE, 30_000)):
        match = Match(
            key=key,
            purpose=purpose,
            account_code=Code.REFUNDS_DUE if purpose == Purpose.REFUND else Code.RECEIVABLE,
            amount_cents=cents,
            description="Matched",
        )
        allocate(locked_payment(payment.pk), match, occurred_on=TODAY, actor=None, now=NOW)

    take_outside_reversal(
        payment_id=payment.pk,
        receipt="UKM5A1B2R1",
        amount_cents=20_000,
        reason="Says the statement.",
        now=LATER,
    )

    assert Allocation.objects.get(undone_at=None).purpose == Purpose.SALE


def test_a_reversal_that_safaricom_refuses_at_once_ends(shop, gateway):
    payment = a_matched_payment(shop)
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": "Bad"}))
    reversal = proposed(payment, 50_000)
    assert reversal.order

    send(order_id=reversal.order.pk, now=NOW)

    reversal.refresh_from_db()
    assert reversal.state == ReversalState.REFUSED
    assert proposed(payment, 50_000, LATER).state == ReversalState.APPROVED


def test_a_reversal_without_a_result_is_unknown_and_can_be_given_up(shop, reversing):
    follow_up(now=NOW + timedelta(hours=1))
    reversing.refresh_from_db()
    assert reversing.state == ReversalState.UNKNOWN
    with pytest.raises(NotReversible):
        proposed(reversing.payment, 50_000, LATER)

    give_up_reversal(
        reversal_id=reversing.pk, reason="Not on the portal", by=the_owner(), now=LATER
    )

    assert proposed(reversing.payment, 50_000, LATER).state == ReversalState.APPROVED


def test_a_timeout_after_the_statement_changes_nothing(shop, gateway, reversing):
    noted(reversing)

    assert hear(shop, token_of(gateway), b"{}", kind=TIMEOUT)[0] == InboundState.UNDERSTOOD

    reversing.refresh_from_db()
    assert reversing.state == ReversalState.DONE


def test_a_late_success_of_what_was_overtaken_waits_for_the_owner(shop, gateway, reversing):
    noted(reversing, cents=5_000)

    state, _ = hear(shop, token_of(gateway), done())

    assert (state, Payment.objects.get().reversed_cents) == (InboundState.QUARANTINED, 5_000)


def test_the_tills_of_two_owners_ask_about_the_same_receipt(shop):
    other = a_till(shop.business, number="9900303")

    found = {
        ask_about(till=till, receipt="UKM5A1B2Z9", by=None, now=NOW).till_id
        for till in (shop.till, other)
    }

    assert found == {shop.till.pk, other.pk}
