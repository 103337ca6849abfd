from datetime import timedelta
from typing import Any

from shops.suggestions import MOST_SHOWN, Alone, Owing, suggest
from tests.make import NOW

MINUTE = timedelta(minutes=1)
PHONE = "254700000101"


def a_sale(sale_id=1, **but):
    facts: dict[str, Any] = {
        "owed_cents": 18_000,
        "rung_up_at": NOW,
        "references": frozenset({f"SALE{sale_id}"}),
    }
    return Owing(sale_id, **(facts | but))


def a_payment(**but):
    facts: dict[str, Any] = {"left_cents": 18_000, "paid_at": NOW + 2 * MINUTE}
    return Alone(**(facts | but))


def said(payment, *sales):
    return [(one.sale_id, one.reason) for one in suggest(payment, sales)]


def test_the_reason_is_said_in_words():
    assert said(a_payment(), a_sale()) == [(1, "same amount, 2 minutes after it was rung up")]
    assert said(a_payment(paid_at=NOW - MINUTE), a_sale()) == [
        (1, "same amount, 1 minute before it was rung up")
    ]
    assert said(a_payment(paid_at=NOW), a_sale()) == [
        (1, "same amount, at the time it was rung up")
    ]
    everything = said(
        a_payment(typed="SALE1", phones=frozenset({PHONE})), a_sale(phones=frozenset({PHONE}))
    )
    assert everything[0][1] == (
        "the customer typed its number, the phone that was asked, same amount,"
        " 2 minutes after it was rung up"
    )


def test_the_window_is_half_an_hour_before_and_five_minutes_after():
    def reason(apart):
        [(_, words)] = said(a_payment(paid_at=NOW + apart), a_sale())
        return words

    assert reason(30 * MINUTE) == "same amount, 30 minutes after it was rung up"
    assert reason(31 * MINUTE) == "same amount"
    assert reason(-5 * MINUTE) == "same amount, 5 minutes before it was rung up"
    assert reason(-6 * MINUTE) == "same amount"


def test_nearness_alone_is_no_reason():
    assert said(a_payment(), a_sale(owed_cents=17_000)) == []


def test_a_sale_that_owes_more_than_is_left_is_never_suggested():
    assert said(a_payment(typed="SALE1"), a_sale(owed_cents=18_001)) == []


def test_another_amount_is_suggested_where_the_payer_is_known():
    assert said(
        a_payment(phones=frozenset({PHONE})), a_sale(owed_cents=5_000, phones=frozenset({PHONE}))
    ) == [(1, "the phone that was asked, 2 minutes after it was rung up")]


def test_what_was_typed_comes_first_then_the_payer_then_the_nearest():
    far = a_sale(1, rung_up_at=NOW - 20 * MINUTE)
    near = a_sale(2)
    known = a_sale(3, phones=frozenset({PHONE}), rung_up_at=NOW - timedelta(hours=5))
    typed = a_sale(4, rung_up_at=NOW - timedelta(hours=5))
    payment = a_payment(typed="SALE4", phones=frozenset({PHONE}))

    found = [one.sale_id for one in suggest(payment, [far, near, known, typed])]

    assert found == [4, 3, 2]
    assert len(found) == MOST_SHOWN
