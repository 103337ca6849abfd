"""Totals, the chain of balances, and keys: what shows that a file is not whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.statements import check_balances, check_keys, check_totals, read_statement
from tests.mpesa.statements.makers import (
    NEW_NAME,
    NEW_SAMPLE,
    OLD_NAME,
    OLD_SAMPLE,
    as_csv,
    grid_of,
    new,
    new_row,
    old,
    old_row,
)

SWEEP = "Utility Account to Organization Settlement Account"
ONWARD = "Organization Settlement Account to Organization MMF Account"


def without(sample, *lines):
    """Return the sample as it reads without some of its lines."""
    grid = [row for line, row in enumerate(grid_of(sample), 1) if line not in lines]
    return read_statement(as_csv(grid), sample.name)


def chain(*rows, layout=new, row=new_row):
    """Return a file from (time, details, net, balance), oldest first, amounts in shillings."""
    made = [
        row(
            details,
            str(max(net, 0)),
            str(min(net, 0)),
            str(balance),
            time=f"22/11/2026 {time}",
            receipt=f"UKM5A1B2{number:02}",
        )
        for number, (time, details, net, balance) in enumerate(rows)
    ]
    name = NEW_NAME if layout is new else OLD_NAME
    return read_statement(as_csv(layout(*reversed(made))), name)


PAY = "Pay Bill from 1 - A Acc. 1"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (12, "that KES 2,300 were paid in, but its rows add up to KES 1,500:"),
        (9, "that KES 48,250 were withdrawn, but its rows add up to KES 48,230:"),
    ],
)
def test_totals_show_a_missing_row(line, sentence):
    assert f"The file says {sentence} it is not whole." in (
        check_totals(without(OLD_SAMPLE, line)) or ""
    )


def test_totals_leave_out_what_failed():
    preamble = [["Total Paid In:", "10.00", "Total Withdrawn:", "0.00"]]
    failed = old_row(paid_in="5.00", status="Failed", receipt="UKM5A1B2D1")

    file = read_statement(as_csv(old(failed, old_row(paid_in="10"), preamble=preamble)), "")

    assert check_totals(file) is None


@pytest.mark.parametrize(
    ("sample", "line", "neighbours"),
    [
        # What stood below moves up by one.
        (NEW_SAMPLE, 7, "line 7 and line 6"),
        (NEW_SAMPLE, 8, "line 8 and line 7"),
        (OLD_SAMPLE, 9, "line 9 and line 8"),
    ],
)
def test_balances_show_a_missing_row(sample, line, neighbours):
    (sentence,) = check_balances(without(sample, line))

    assert sentence.startswith(f"Rows may be missing between {neighbours}: ")


def test_a_missing_row_is_told_with_its_balances():
    file = chain(("10:00:00", PAY, 100, 100), ("10:00:09", PAY, 50, 180))

    assert check_balances(file) == [
        (
            "Rows may be missing between line 3 and line 2: the balance after the one is KES 100,"
            " before the other KES 130."
        )
    ]


def test_one_gap_is_told_once():
    file = chain(
        ("10:00:00", PAY, 100, 100), ("10:00:01", PAY, 50, 180), ("10:00:02", PAY, 20, 200)
    )

    assert len(check_balances(file)) == 1


def test_rows_without_a_balance_and_rows_that_failed_break_no_chain():
    rows = [
        old_row(paid_in="50", balance="150", time="22-11-2026 10:00:03"),
        old_row(paid_in="7", balance="107", status="Failed", time="22-11-2026 10:00:02"),
        old_row(paid_in="7", time="22-11-2026 10:00:01"),
        old_row(paid_in="100", balance="100", time="22-11-2026 10:00:00"),
    ]

    assert check_balances(read_statement(as_csv(old(*rows)), "")) == []


def test_other_accounts_of_the_new_layout_have_chains_of_their_own():
    file = chain(
        ("10:00:00", PAY, 100, 100),
        ("10:00:00", "Pay Bill Charge", -5, -905),
        ("23:10:00", SWEEP, -100, 0),
        ("23:10:00", SWEEP, 100, 400),
        ("23:10:30", ONWARD, -400, 0),
        ("23:10:30", ONWARD, 400, 410),
        ("23:20:00", PAY, 70, 70),
        ("23:30:00", "Agency Withdrawal of funds to Bank", -410, 0),
        ("23:40:00", PAY, 5, 75),
    )

    assert check_balances(file) == []


def test_the_old_layout_is_one_account_and_one_chain():
    file = chain(
        ("10:00:00", PAY, 100, 100), ("23:10:00", SWEEP, 100, 400), layout=old, row=old_row
    )

    assert len(check_balances(file)) == 1


def test_a_loop_within_a_second_must_touch_the_balance():
    loop = [("10:00:01", PAY, 50, 550), ("10:00:01", "Pay Bill Charge", -50, 500)]

    assert check_balances(chain(("10:00:00", PAY, 500, 500), *loop)) == []
    assert len(check_balances(chain(("10:00:00", PAY, 100, 100), *loop))) == 1


NETS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-500, 500).filter(bool)), min_size=2, max_size=12
)


def running(nets):
    """Return rows of `chain` whose balances run on; the first of a pair says which second."""
    rows, second, balance = [], 0, 10_000
    for step, net in nets:
        second, balance = second + step, balance + net
        details = PAY if net > 0 else "Pay Bill Charge"
        rows.append((f"10:00:{second:02}", details, net, balance))
    return rows


@settings(max_examples=100, deadline=None)
@given(NETS, st.randoms(use_true_random=False))
def test_a_whole_chain_is_whole_in_any_order_within_its_seconds(nets, chance):
    rows = running(nets)
    mixed = sorted(rows, key=lambda row: (row[0], chance.random()))

    assert check_balances(chain(*mixed)) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=3, max_size=12), st.data())
def test_a_row_taken_from_the_middle_is_missed(amounts, data):
    rows = running([(1, amount) for amount in amounts])
    del rows[data.draw(st.integers(1, len(rows) - 2))]

    assert len(check_balances(chain(*rows))) == 1


def test_two_rows_under_one_key_are_told_and_a_repeated_row_is_not():
    charge = new_row("Pay Bill Charge", withdrawn="-5.00")
    tax = new_row("Excise Duty Charge", withdrawn="-1.00")

    file = read_statement(as_csv(new(tax, charge, charge)), NEW_NAME)

    assert check_keys(file) == [
        "Lines 4 and 2 are two rows of one kind under the receipt UKM5A1B2C3. Look at both."
    ]
