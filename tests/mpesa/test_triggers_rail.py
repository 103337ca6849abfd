"""What may never change of what the rail saw, matched, reversed and imported."""

from datetime import timedelta
from typing import Any

import pytest

from mpesa.models import (
    AccountBalance,
    Allocation,
    Correction,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    OrderState,
    Origin,
    Payment,
    PaymentRequest,
    Release,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementRow,
    StatementUpload,
)
from tests.make import NOW, a_request, a_user, chebet
from tests.mpesa.conftest import Shop
from tests.mpesa.rail_rows import a_row_of_each, done
from tests.mpesa.refusals import SQLITE, columns_of, only_postgresql, only_sqlite, refused, sql
from tests.mpesa.refusals import replace_row as replaced_by

EARLIER = NOW - timedelta(days=1)
MATCH = "mpesa: a match is undone, never changed"
ORDER = "mpesa: what was ordered is frozen"
REVERSAL = "mpesa: what was to be reversed is frozen"
ROW = "mpesa: a row of a statement is frozen"
UPLOAD = "mpesa: a statement is kept; its content may only be erased"
SEEN = "mpesa: what was seen is kept"
RELEASED = "mpesa: that something was released stays on record"
CORRECTED = "mpesa: a correction stays on record"
TOLD = "mpesa: a balance stays as it was told"
RESULT = "mpesa: a result stays"
REVERSED = "mpesa: a reversal that was done stays so"
FROZEN: dict[Any, tuple[str, list[dict[str, Any]]]] = {
    Allocation: (
        MATCH,
        [
            {"id": 10**9},
            {"payment_id": 10**9},
            {"key": "x"},
            {"purpose": "credit"},
            {"reference": "sale:2"},
            {"account_code": "9"},
            {"amount_cents": 1},
            {"note": "x"},
            {"is_guess": True},
            {"by_id": None},
            {"at": EARLIER},
        ],
    ),
    InitiatorOrder: (
        ORDER,
        [
            {"id": 10**9},
            {"till_id": 10**9},
            {"kind": "status"},
            {"key": "x"},
            {"receipt": "UKM0000009"},
            {"amount_cents": 1},
            {"by_id": None},
            {"created_at": EARLIER},
        ],
    ),
    Reversal: (
        REVERSAL,
        [
            {"id": 10**9},
            {"payment_id": 10**9},
            {"origin": "outside"},
            {"amount_cents": 1},
            {"reason": "x"},
            {"proposed_by_id": None},
            {"proposed_at": EARLIER},
        ],
    ),
    StatementRow: (
        ROW,
        [
            {"id": 10**9},
            {"till_id": 10**9},
            {"upload_id": 10**9},
            {"receipt": "UKM0000009"},
            {"kind": "charge"},
            {"sign": -1},
            {"amount_cents": 1},
            {"balance_cents": 1},
            {"at": EARLIER},
            {"linked_receipt": ""},
            {"linked_receipt": "UKM0000009"},
        ],
    ),
    StatementUpload: (
        UPLOAD,
        [
            {"id": 10**9},
            {"till_id": 10**9},
            {"name": "x"},
            {"sha256": "x"},
            {"content": b"forged"},
            {"content": b""},
            {"by_id": None},
            {"at": EARLIER},
        ],
    ),
    Payment: (
        "mpesa: the facts of a payment are frozen",
        [{"recorded_at": EARLIER}, {"message_id": None}],
    ),
}
KEPT = {
    Allocation: MATCH,
    InitiatorOrder: ORDER,
    Reversal: REVERSAL,
    StatementRow: ROW,
    StatementUpload: UPLOAD,
    Sighting: SEEN,
    Release: RELEASED,
    Correction: CORRECTED,
    AccountBalance: TOLD,
}
# What is added and changes in nothing.
ADDED = {Sighting, Release, Correction, AccountBalance}
# What the INSERT trigger of SQLite says is the same, and looks at every unique column.
UNIQUE: dict[Any, list[list[str]]] = {
    Allocation: [["id"], ["key"]],
    InitiatorOrder: [["id"], ["key"], ["token_digest"]],
    Reversal: [["id"], ["receipt"], ["order_id"], ["payment_id"]],
    StatementRow: [["id"], ["receipt"]],
    StatementUpload: [["id"], ["sha256"]],
    Sighting: [["id"], ["receipt"]],
    Release: [["id"], ["message_id"]],
    Correction: [["id"], ["payment_id"], ["row_id"]],
    AccountBalance: [["id"], ["order_id"]],
}
ANEW: dict[str, Any] = {
    "id": 999,
    "key": "k",
    "token_digest": "t",
    "receipt": "UKM0000009",
    "order_id": None,
    "sha256": "s",
}


def kept(model: Any) -> str:
    return KEPT[model] if SQLITE else f"mpesa: rows of {model._meta.db_table} are kept"


@pytest.fixture
def rows(shop: Shop) -> dict[Any, Any]:
    return a_row_of_each(shop.till)


# Columns


@pytest.mark.parametrize(
    ("model", "change"),
    [(model, change) for model, (_, changes) in FROZEN.items() for change in changes],
    ids=lambda value: value.__name__ if isinstance(value, type) else "-".join(value),
)
def test_facts_are_frozen(rows: dict[Any, Any], model: Any, change: dict[str, Any]) -> None:
    with refused(FROZEN[model][0]):
        model.objects.update(**change)


@pytest.mark.parametrize("model", sorted(ADDED, key=str))
def test_rows_that_are_only_added_change_in_nothing(rows: dict[Any, Any], model: Any) -> None:
    for column in columns_of(model):
        with refused(kept(model)):
            sql(f"UPDATE {model._meta.db_table} SET {column} = {column}")


@pytest.mark.parametrize("change", [{"account_reference": "X"}, {"created_by_id": 10**9}])
def test_who_asked_and_for_what_is_frozen(shop: Shop, change: dict[str, Any]) -> None:
    a_request(shop.till)

    with refused("mpesa: what was asked is frozen"):
        PaymentRequest.objects.update(**change)


def test_what_was_reversed_of_a_payment_only_grows(rows: dict[Any, Any]) -> None:
    Payment.objects.update(reversed_cents=500)

    with refused("mpesa: what was reversed stays so"):
        Payment.objects.update(reversed_cents=499)
    Payment.objects.update(reversed_cents=18_000)


def test_a_guess_gives_way_and_what_was_proven_does_not(rows: dict[Any, Any], shop: Shop) -> None:
    frozen = "mpesa: the facts of a payment are frozen"
    first = a_request(shop.till)
    other = a_request(shop.till, reference="sale:2", token="2", checkout_request_id="2")
    Payment.objects.update(request=first, request_is_guess=True)

    with refused(frozen):
        Payment.objects.update(request=other)
    Payment.objects.update(request=None, request_is_guess=False)
    Payment.objects.update(request=first, request_is_guess=True)
    Payment.objects.update(request=other, request_is_guess=False)
    for change in (
        {"request": first},
        {"request": None},
        {"request_is_guess": True},
        {"request": first, "request_is_guess": True},
    ):
        with refused(frozen):
            Payment.objects.update(**change)


@pytest.mark.parametrize("cents", [1, -1, 999])
def test_only_a_correction_changes_what_was_paid(rows: dict[Any, Any], cents: int) -> None:
    with refused("mpesa: only a correction changes what was paid"):
        Payment.objects.update(corrected_cents=cents)
    Payment.objects.update(corrected_cents=1_000)


# What a message is about


@pytest.mark.parametrize("receipt", ["", "UKM0000009"])
@pytest.mark.parametrize("state", InboundState.values)
def test_what_a_message_is_about_stays(rows: dict[Any, Any], state: str, receipt: str) -> None:
    handled_at = None if state == InboundState.WAITING else NOW
    InboundMessage.objects.update(state=state, handled_at=handled_at)

    with refused("mpesa: what a message is about stays so"):
        InboundMessage.objects.update(receipt=receipt)


def test_an_understood_message_is_not_given_a_receipt_afterwards(shop: Shop) -> None:
    InboundMessage.objects.create(channel="mpesa.stk", till=shop.till, received_at=NOW)
    InboundMessage.objects.update(
        state=InboundState.UNDERSTOOD, handled_at=NOW, receipt="UKM0000009"
    )
    other = InboundMessage.objects.create(channel="mpesa.stk", till=shop.till, received_at=NOW)
    rows = InboundMessage.objects.filter(pk=other.pk)
    rows.update(state=InboundState.UNDERSTOOD, handled_at=NOW)

    with refused("mpesa: what a message is about stays so"):
        rows.update(receipt="UKM0000009")


# Matches


@pytest.mark.parametrize(
    "change",
    [
        {"undone_at": None, "undone_by": None, "undone_reason": ""},
        {"undone_at": EARLIER},
        {"undone_by": None},
        {"undone_reason": "x"},
    ],
)
def test_what_was_undone_stays_undone(rows: dict[Any, Any], change: dict[str, Any]) -> None:
    Allocation.objects.update(
        undone_at=NOW, undone_by=a_user("amina"), undone_reason="The wrong sale."
    )

    with refused("mpesa: what was undone stays so"):
        Allocation.objects.update(**change)


# Orders and reversals


@pytest.mark.parametrize(
    "change",
    [
        *({"state": state} for state in OrderState.values if state != OrderState.DONE),
        {"result_code": "1"},
        {"result_text": "x"},
        {"token_digest": ""},
        {"originator_id": "x"},
        {"conversation_id": "x"},
        {"ended_at": None},
        {"ended_at": EARLIER},
    ],
)
def test_the_result_of_an_order_stays(rows: dict[Any, Any], change: dict[str, Any]) -> None:
    done(rows)

    with refused(RESULT):
        InitiatorOrder.objects.update(**change)


def test_the_text_of_a_result_may_be_erased(rows: dict[Any, Any]) -> None:
    done(rows)

    InitiatorOrder.objects.update(result_text="")

    with refused(RESULT):
        InitiatorOrder.objects.update(result_text="Accepted.")


@pytest.mark.parametrize(
    "change",
    [
        *({"state": state} for state in ReversalState.values if state != ReversalState.DONE),
        {"receipt": ""},
        {"receipt": "UKM0000009"},
        {"order": None},
        {"approved_by": None},
        {"approved_at": EARLIER},
        {"ended_at": None},
        {"ended_at": EARLIER},
    ],
)
def test_a_reversal_that_was_done_stays_so(rows: dict[Any, Any], change: dict[str, Any]) -> None:
    done(rows)

    with refused(REVERSED):
        Reversal.objects.update(**change)


UNDO = {"state": ReversalState.UNDONE, "undone_at": NOW, "undone_source": Source.PULL}


@pytest.fixture
def forgery(rows: dict[Any, Any]) -> Any:
    """A taking back as forged that is done, and alone of its payment."""
    Reversal.objects.update(state=ReversalState.REFUSED)
    made = Reversal.objects.create(
        payment=rows[Payment],
        origin=Origin.FORGED,
        amount_cents=18_000,
        state=ReversalState.APPROVED,
        reason="Not on the statement.",
        proposed_at=NOW,
    )
    return Reversal.objects.filter(pk=made.pk)


def test_what_was_taken_back_as_forged_is_undone_once(forgery: Any) -> None:
    with refused("mpesa: only what was done is undone"):
        forgery.update(**UNDO)
    forgery.update(state=ReversalState.DONE, ended_at=NOW)
    forgery.update(**UNDO)

    for change in (
        {"state": ReversalState.DONE, "undone_at": None, "undone_source": ""},
        {"undone_at": EARLIER},
        {"undone_source": Source.STATUS},
        {"receipt": "UKM0000009"},
        {"ended_at": EARLIER},
        {"approved_at": EARLIER},
    ):
        with refused("mpesa: a reversal that was undone stays so"):
            forgery.update(**change)


def test_what_was_reversed_shrinks_only_to_what_still_stands(forgery: Any) -> None:
    forgery.update(state=ReversalState.DONE, ended_at=NOW)
    Payment.objects.update(reversed_cents=18_000)

    for cents in (0, 17_999):
        with refused("mpesa: what was reversed stays so"):
            Payment.objects.update(reversed_cents=cents)
    forgery.update(**UNDO)
    Payment.objects.update(reversed_cents=0)


def test_the_receipt_of_a_reversal_may_become_known_after_it_was_done(
    rows: dict[Any, Any],
) -> None:
    Reversal.objects.update(receipt="")
    done(rows)

    Reversal.objects.update(receipt="UKM0000009")

    assert Reversal.objects.get().receipt == "UKM0000009"


def test_who_approved_a_reversal_stays_on_record(rows: dict[Any, Any]) -> None:
    with refused("mpesa: who approved a reversal stays on record"):
        Reversal.objects.update(approved_by=chebet())
    with refused("mpesa: who approved a reversal stays on record"):
        Reversal.objects.update(approved_by=None, approved_at=None)


# Statements


@pytest.mark.parametrize("key", ["", "x"])
def test_what_was_posted_of_a_statement_stays(rows: dict[Any, Any], key: str) -> None:
    with refused("mpesa: what was posted stays so"):
        StatementRow.objects.update(posted_key=key)


def test_a_statement_may_be_erased_and_never_comes_back(rows: dict[Any, Any]) -> None:
    StatementUpload.objects.update(content=None, name="")

    for change in ({"content": b"Receipt No"}, {"content": b""}, {"name": "statement.csv"}):
        with refused(UPLOAD):
            StatementUpload.objects.update(**change)


def test_a_statement_that_was_brought_in_stays_so(rows: dict[Any, Any]) -> None:
    for state in ("preview", "waiting"):
        with refused("mpesa: a statement that was brought in stays so"):
            StatementUpload.objects.update(state=state)


# Rows


@pytest.mark.parametrize("model", KEPT)
def test_rows_are_kept(rows: dict[Any, Any], model: Any) -> None:
    with refused(kept(model)):
        sql(f"DELETE FROM {model._meta.db_table}")
    with refused(kept(model)):
        model.objects.filter(pk=rows[model].pk)._raw_delete("default")

    assert model.objects.count() == 1


@only_postgresql
@pytest.mark.parametrize("model", KEPT)
def test_tables_are_not_truncated(rows: dict[Any, Any], model: Any) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")

    with refused(kept(model)):
        sql(f"TRUNCATE {model._meta.db_table} CASCADE")


@only_postgresql
@pytest.mark.parametrize("model", KEPT)
def test_rows_are_not_changed_by_an_upsert(rows: dict[Any, Any], model: Any) -> None:
    table = model._meta.db_table
    names = columns_of(model)
    listed = ", ".join(f'"{name}"' for name in names)
    column = "at" if "at" in names else "created_at" if "created_at" in names else None
    column = column or ("proposed_at" if "proposed_at" in names else "seen_at")
    sentence = (
        kept(model)
        if model in {Sighting, Release, Correction, AccountBalance}
        else FROZEN[model][0]
    )

    with refused(sentence):
        sql(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table}"
            f" ON CONFLICT (id) DO UPDATE SET {column} = '2020-01-01'"
        )


@only_sqlite
@pytest.mark.parametrize(
    ("model", "same"),
    [(model, same) for model, sames in UNIQUE.items() for same in sames],
    ids=lambda value: value.__name__ if isinstance(value, type) else "-".join(value),
)
def test_rows_are_not_replaced(rows: dict[Any, Any], model: Any, same: list[str]) -> None:
    """Each unique column by itself would delete the old row without asking a DELETE trigger."""
    changes = {n: v for n, v in ANEW.items() if n in columns_of(model) and n not in same}
    if model is Reversal and same != ["payment_id"]:
        changes["state"] = "refused"

    with refused(KEPT[model]):
        replaced_by(model, **changes)

    assert model.objects.count() == 1


@only_sqlite
@pytest.mark.parametrize(
    ("model", "column", "sentence"),
    [
        (InitiatorOrder, "token_digest", ORDER),
        (Reversal, "receipt", REVERSAL),
        (Reversal, "order_id", REVERSAL),
        (StatementUpload, "sha256", UPLOAD),
        (StatementRow, "receipt", ROW),
        (Allocation, "key", MATCH),
        (Sighting, "receipt", SEEN),
        (Release, "message_id", RELEASED),
    ],
)
def test_rows_are_not_replaced_by_an_update(
    shop: Shop, rows: dict[Any, Any], model: Any, column: str, sentence: str
) -> None:
    second = a_row_of_each_but_what_is_once(shop, rows)[model]

    with refused(sentence):
        sql(
            f"UPDATE OR REPLACE {model._meta.db_table} SET {column} = %s WHERE id = %s",
            getattr(rows[model], column),
            second.pk,
        )

    assert model.objects.count() == 2


def a_row_of_each_but_what_is_once(shop: Shop, rows: dict[Any, Any]) -> dict[Any, Any]:
    """Write a second row of each; a day and a closed reference are there once."""
    for name in ("tied_days", "closed_references"):
        getattr(shop.till, name).all().delete()
    return a_row_of_each(shop.till, receipt="UKM5A1B2C4", letter="b")


@only_sqlite
def test_a_dropped_statement_does_not_replace_the_one_that_counts(
    shop: Shop, rows: dict[Any, Any]
) -> None:
    first = rows[StatementUpload]
    again = StatementUpload.objects.create(
        till=shop.till, sha256=first.sha256, state="dropped", at=NOW
    )

    with refused(UPLOAD):
        sql("UPDATE OR REPLACE mpesa_statementupload SET state = 'preview' WHERE id = %s", again.pk)
