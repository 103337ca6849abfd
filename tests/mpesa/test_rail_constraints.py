"""What the tables of the rail refuse by themselves, with no trigger to help them."""

from datetime import timedelta
from typing import Any

import pytest

from money import triggers
from mpesa.models import (
    AccountBalance,
    Allocation,
    BalanceGap,
    ClosedReference,
    Correction,
    InitiatorOrder,
    Payment,
    PullRun,
    Release,
    Reversal,
    ReversalState,
    Sighting,
    StatementRow,
    StatementUpload,
    TiedDay,
    Till,
    UploadState,
)
from tests.make import NOW
from tests.mpesa.conftest import Shop
from tests.mpesa.rail_rows import a_row_of_each
from tests.mpesa.refusals import broken


@pytest.fixture
def rows(shop: Shop) -> dict[Any, Any]:
    triggers.drop()
    return a_row_of_each(shop.till)


UNDONE = {"state": "undone", "undone_at": NOW, "undone_source": "pull"}
FORGED = UNDONE | {"origin": "forged"}
CHECKS: list[tuple[str, Any, dict[str, Any]]] = [
    ("till_trust_is_known", Till, {"trust": "blind"}),
    ("till_trust_is_not_negative", Till, {"trusted_up_to_cents": -1}),
    ("closedreference_is_normalised", ClosedReference, {"reference": "a12"}),
    ("closedreference_is_normalised", ClosedReference, {"reference": "A 12"}),
    ("closedreference_is_normalised", ClosedReference, {"reference": ""}),
    ("release_has_a_reason", Release, {"reason": ""}),
    ("payment_allocated_within_amount", Payment, {"reversed_cents": 18_001}),
    ("payment_allocated_within_amount", Payment, {"reversed_cents": -1}),
    ("payment_allocated_within_amount", Payment, {"reversed_cents": 1, "allocated_cents": 18_000}),
    ("payment_guess_has_its_request", Payment, {"request_is_guess": True}),
    ("sighting_source_is_known", Sighting, {"source": "rumour"}),
    ("sighting_amount_is_positive", Sighting, {"amount_cents": 0}),
    ("allocation_amount_is_positive", Allocation, {"amount_cents": 0}),
    ("allocation_purpose_is_known", Allocation, {"purpose": "gift"}),
    ("allocation_undone_with_a_reason", Allocation, {"undone_at": NOW}),
    ("allocation_undone_with_a_reason", Allocation, {"undone_reason": "Wrong sale."}),
    ("allocation_undone_with_a_reason", Allocation, {"undone_by_id": 1}),
    ("initiatororder_kind_is_known", InitiatorOrder, {"kind": "wish"}),
    ("initiatororder_state_is_known", InitiatorOrder, {"state": "lost"}),
    ("initiatororder_reversal_has_its_amount", InitiatorOrder, {"amount_cents": None}),
    ("initiatororder_reversal_has_its_amount", InitiatorOrder, {"amount_cents": 0}),
    ("initiatororder_reversal_has_its_amount", InitiatorOrder, {"receipt": ""}),
    ("reversal_amount_is_positive", Reversal, {"amount_cents": 0}),
    ("reversal_origin_is_known", Reversal, {"origin": "fate"}),
    ("reversal_state_is_known", Reversal, {"state": "lost"}),
    ("reversal_only_a_forgery_is_undone", Reversal, {"undone_at": NOW}),
    ("reversal_only_a_forgery_is_undone", Reversal, {"undone_source": "pull"}),
    ("reversal_only_a_forgery_is_undone", Reversal, {"state": "undone"}),
    ("reversal_only_a_forgery_is_undone", Reversal, UNDONE),
    ("reversal_only_a_forgery_is_undone", Reversal, FORGED | {"undone_at": None}),
    ("reversal_only_a_forgery_is_undone", Reversal, FORGED | {"undone_source": ""}),
    ("reversal_only_a_forgery_is_undone", Reversal, FORGED | {"undone_source": "confirm"}),
    ("reversal_has_a_reason", Reversal, {"reason": ""}),
    ("correction_amount_is_positive", Correction, {"amount_cents": 0}),
    ("correction_amount_is_positive", Correction, {"before_cents": 0}),
    ("correction_changes_something", Correction, {"amount_cents": 18_000}),
    ("correction_has_a_reason", Correction, {"reason": ""}),
    ("payment_allocated_within_amount", Payment, {"corrected_cents": -18_001}),
    ("pullrun_verdict_is_known", PullRun, {"verdict": "shy"}),
    ("pullrun_window_is_forward", PullRun, {"until": NOW - timedelta(hours=2)}),
    ("balancegap_amount_is_positive", BalanceGap, {"missing_cents": 0}),
    ("statementupload_state_is_known", StatementUpload, {"state": "lost"}),
    ("statementrow_amount_is_positive", StatementRow, {"amount_cents": 0}),
    ("statementrow_sign_is_one", StatementRow, {"sign": 0}),
    ("statementrow_sign_is_one", StatementRow, {"sign": 2}),
]


@pytest.mark.parametrize(("name", "model", "change"), CHECKS)
def test_what_cannot_be_is_refused(
    rows: dict[Any, Any], name: str, model: Any, change: dict[str, Any]
) -> None:
    with broken(name):
        model.objects.update(**change)


def test_reversal_second_person_is_another(rows: dict[Any, Any]) -> None:
    reversal = rows[Reversal]
    with broken("reversal_second_person_is_another"):
        Reversal.objects.update(approved_by=reversal.proposed_by)

    # Below the limit one person is enough: proposed and approved at once.
    Reversal.objects.update(approved_by=reversal.proposed_by, approved_at=reversal.proposed_at)


ONCE: list[tuple[str, Any, tuple[str, ...], dict[str, Any]]] = [
    ("closedreference_once", ClosedReference, ("till_id", "reference"), {}),
    ("sighting_once_per_source", Sighting, ("receipt", "source"), {}),
    ("accountbalance_once_per_order", AccountBalance, ("order_id", "account"), {}),
    ("initiatororder_token_once", InitiatorOrder, ("token_digest",), {"key": "k"}),
    (
        "reversal_receipt_once",
        Reversal,
        ("receipt",),
        {"order": None, "state": ReversalState.REFUSED},
    ),
    (
        "reversal_one_live_per_payment",
        Reversal,
        ("payment_id",),
        {"order": None, "receipt": ""},
    ),
    ("statementupload_once", StatementUpload, ("till_id", "sha256"), {}),
    ("statementrow_once", StatementRow, ("till_id", "receipt", "kind", "sign"), {}),
    ("tiedday_once", TiedDay, ("till_id", "day"), {}),
]


def a_second(row: Any, changes: dict[str, Any]) -> None:
    """Write the row again under a new id, with changes."""
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


@pytest.mark.parametrize(("name", "model", "columns", "changes"), ONCE)
def test_what_is_there_once_is_refused_again(
    rows: dict[Any, Any],
    name: str,
    model: Any,
    columns: tuple[str, ...],
    changes: dict[str, Any],
) -> None:
    table = model._meta.db_table

    with broken(name, *(f"{table}.{column}" for column in columns)):
        a_second(rows[model], changes)

    assert model.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (InitiatorOrder, {"key": "k", "token_digest": ""}),
        (Reversal, {"order": None, "receipt": "", "state": ReversalState.REFUSED}),
        (StatementUpload, {"state": UploadState.DROPPED}),
        (StatementRow, {"sign": -1}),
        (Sighting, {"source": "file"}),
    ],
)
def test_what_is_different_is_taken(
    rows: dict[Any, Any], model: Any, changes: dict[str, Any]
) -> None:
    a_second(rows[model], changes)

    assert model.objects.count() == 2
