"""Every trap of REFERENCE 7.2 that a single row can hold."""

import io
from datetime import date

import pytest
import xlwt  # type: ignore[import-untyped]

from mpesa.statements import NotAStatement, RowKind, mask_party, read_statement, type_of
from tests.mpesa.statements.makers import (
    NEW_HEADER,
    NEW_NAME,
    OLD_NAME,
    Cell,
    as_csv,
    as_xls,
    as_xlsx,
    new,
    new_row,
    old,
    old_row,
)


def read(grid, name=NEW_NAME):
    return read_statement(as_csv(grid), name)


def only(grid, name=NEW_NAME):
    (row,) = read(grid, name).rows
    return row


def paid(details):
    return only(new(new_row(details, "1,500.00")))


def withdrawn(details):
    return only(new(new_row(details, withdrawn="-1,500.00")))


@pytest.mark.parametrize(
    "type_name",
    [
        "Pay Bill from",
        "Pay Bill Online from",
        "pay bill online from",
        "Small Business Pay Bill from",
        "Merchant Pay Utility Received from",
        "Business Pay Bill via API by",
        "FSI to Pay Bill by",
        "Pay Merchant from",
        "Small Business Pay Merchant from -",
        "Customer Merchant Payment from",
        "Merchant Payment from",
        "Merchant Payment Online from -",
        "Merchant Payment received from",
        "Pay Utility with OD via STK from",
        "Pay Utility with OD Online from",
        "Pay Bill Fuliza M-Pesa from",
        "Standing Order Pay Bill from",
        "Organization To Organization Transfer from",
    ],
)
def test_each_known_type_is_a_payment_when_money_comes_in(type_name):
    row = paid(f"{type_name} 2547****101 - ACHIENG DEMO Acc. INV-1")

    assert (row.kind, row.sign, row.counts) == (RowKind.PAYMENT, 1, True)
    assert (row.other_party, row.account_reference) == ("2547****101 - ACHIENG DEMO", "INV-1")


@pytest.mark.parametrize(
    "details",
    [
        "",
        "Pay Bill",
        "Pay Bill Refund from 2547****101 - ACHIENG DEMO Acc. INV-1",
        "Business Payment from 600991 - DEMO Acc. ",
        "Loan Disbursement from 600991 - Pay Bill from 2547 Acc. Pay Bill from",
        "Agency Withdrawal of funds to Bank",
        "Biashara Overdraft Repayment",
    ],
)
def test_money_of_an_unknown_type_is_never_a_payment(details):
    assert paid(details).kind is RowKind.OTHER


def test_a_known_type_that_takes_money_out_is_no_payment():
    row = withdrawn("Pay Bill from 2547****101 - ACHIENG DEMO Acc. INV-1")

    assert (row.kind, row.sign) == (RowKind.OTHER, -1)


def test_a_row_without_details_is_known_by_its_reason_type():
    reasons = ["Pay Utility", "Customer Merchant Payment", "Salary Payment", ""]
    rows = [old_row("", "100", reason=reason) for reason in reasons]

    assert [row.kind for row in read(old(*rows)).rows] == [
        RowKind.OTHER,
        RowKind.OTHER,
        RowKind.PAYMENT,
        RowKind.PAYMENT,
    ]


@pytest.mark.parametrize(
    "details",
    [
        "Pay Bill Charge",
        "Pay merchant Charge",
        "Merchant to Merchant Payment Charge to 578590 - DEMO TRADERS",
        "Reversal Charge",
    ],
)
def test_charges(details):
    assert withdrawn(details).kind is RowKind.CHARGE


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ("Utility Account to Organization Settlement Account", RowKind.SWEEP_INTERNAL),
        ("Merchant Account to Organization Settlement Account", RowKind.SWEEP_INTERNAL),
        ("Organization Settlement Account to Organization MMF Account", RowKind.SWEEP_INTERNAL),
        ("Utility Account to Organization Settlement", RowKind.SWEEP_INTERNAL),
        ("Agency Withdrawal of funds to Bank", RowKind.TO_BANK),
        ("Organization Settlement to bank", RowKind.TO_BANK),
        ("Organization Settlement Account to Bank Account", RowKind.TO_BANK),
        ("Business Payment to 2547****101 - UTILITY Account to bank", RowKind.OTHER),
    ],
)
def test_money_that_leaves(details, kind):
    assert withdrawn(details).kind is kind


def test_a_transfer_from_our_own_shortcode_is_a_sweep():
    details = "Organization To Organization Transfer from 600991 - DEMO TRADERS Acc. "

    assert paid(details).kind is RowKind.SWEEP_INTERNAL
    assert only(new(new_row(details, "10.00")), "other.csv").kind is RowKind.PAYMENT


def test_a_payment_its_charge_and_a_pair_of_sweeps_share_receipts_but_no_key():
    sweep = "Utility Account to Organization Settlement Account"
    file = read(
        new(
            new_row(sweep, "10.00", receipt="UKM5A1B2M8"),
            new_row(sweep, withdrawn="-10.00", receipt="UKM5A1B2M8"),
            new_row("Pay Bill Charge", withdrawn="-5.00"),
            new_row(paid_in="15.00"),
        )
    )

    assert [row.key for row in file.rows] == [
        ("UKM5A1B2C3", RowKind.PAYMENT, 1),
        ("UKM5A1B2C3", RowKind.CHARGE, -1),
        ("UKM5A1B2M8", RowKind.SWEEP_INTERNAL, -1),
        ("UKM5A1B2M8", RowKind.SWEEP_INTERNAL, 1),
    ]


@pytest.mark.parametrize(
    ("row", "linked"),
    [
        (old_row("Transaction Reversal", withdrawn=-15, linked="ukm5a1b2c0"), "UKM5A1B2C0"),
        (old_row("Reversal of UKM5A1B2C0 by ALEXANDRIA", withdrawn=-15), "UKM5A1B2C0"),
        (old_row("Reversal UKM5A1B2C3 of UKM5A1B2C0", withdrawn=-15), "UKM5A1B2C0"),
        (old_row("Pay Bill Reversal to 2547****101 - ALEXANDRIA", withdrawn=-15), ""),
        (old_row("Pay Bill from 07 - X Acc. 1", withdrawn=-15, reason="Pay Bill Reversal"), ""),
        (old_row("Pay Bill Charge Reversal", "15"), ""),
    ],
)
def test_reversals_are_linked_to_what_they_take_back(row, linked):
    read_row = only(old(row))

    assert (read_row.kind, read_row.linked_receipt) == (RowKind.REVERSAL, linked)


@pytest.mark.parametrize(
    "details",
    [
        "Pay Bill from 2547****101 - ACHIENG DEMO Acc. reversal",
        "Pay Bill from 2547****101 - REVERSAL TRADERS Acc. 1",
        "Pay Bill from 2547****101 - SAFI CHARGE POINT Acc. 1",
    ],
)
def test_a_payer_cannot_turn_a_payment_into_something_else(details):
    assert paid(details).kind is RowKind.PAYMENT


@pytest.mark.parametrize(
    ("details", "party", "account"),
    [
        ("Pay Bill from 2547****107 - MARY DEMO Acc. ", "2547****107 - MARY DEMO", ""),
        ("Pay Bill from 2547****107 - MARY DEMO  Acc.", "2547****107 - MARY DEMO", ""),
        ("Pay Bill from 1 - ACC. DEMO Acc. LTD Acc. 77", "1 - ACC. DEMO Acc. LTD", "77"),
        ("Pay Bill from 1 - MARY Acc. rent via bank by me", "1 - MARY", "rent via bank by me"),
        ("FSI to Pay Bill by 1 - B - TILL Acc. Ann via WEB by B - A\\U1", "1 - B - TILL", "Ann"),
        ("FSI to Pay Bill by 1 - BANK Acc.  via WEB by BANK\\api", "1 - BANK", ""),
        ("Pay Bill from 1 - MARY", "1 - MARY", ""),
        ("Pay Bill from 1 - MARY Acc.77", "1 - MARY Acc.77", ""),
        ("Pay Bill from 1 - MARY Acc. 000120", "1 - MARY", "000120"),
    ],
)  # fmt: skip
def test_party_and_account_are_packed_in_details(details, party, account):
    row = paid(details)

    assert (row.other_party, row.account_reference) == (party, account)


@pytest.mark.parametrize(
    ("cell", "account"),
    [
        (850060.0, "850060"),
        ("850060.0", "850060"),
        ("0850060", "0850060"),
        ("INV 1.0", "INV 1.0"),
        (12.5, "12.5"),
        (254700000101.0, "254700000101"),
        ("", "INV-1"),
    ],
)
@pytest.mark.parametrize("make", [as_csv, as_xls, as_xlsx])
def test_accounts_that_excel_damaged_are_cleaned(make, cell, account):
    (row,) = read_statement(make(old(old_row(paid_in="5", account=cell))), OLD_NAME).rows

    assert row.account_reference == account


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("1,500.00", 150_000),
        ("1500", 150_000),
        ('"1,500.5"', 150_050),
        (" 1 500.50 ", 150_050),
        ("'1500.500", 150_050),
        ("12,345,678.90", 1_234_567_890),
        ("+7.00", 700),
        (0.1, 10),
        (0.1 + 0.2, 30),
        (27573.05, 2_757_305),
    ],
)
@pytest.mark.parametrize("make", [as_csv, as_xls, as_xlsx])
def test_amounts_are_exact(make, cell, cents):
    cell = "0.30" if make is as_csv and cell == 0.1 + 0.2 else cell
    (row,) = read_statement(make(old(old_row(paid_in=cell))), OLD_NAME).rows

    assert (row.paid_in_cents, row.withdrawn_cents) == (cents, 0)


@pytest.mark.parametrize("cell", ["-20.00", "20.00", "\u221220", "-20", -20.0])
def test_withdrawn_is_positive_whatever_its_sign(cell):
    row = only(old(old_row("Pay Bill Charge", withdrawn=cell, balance="-20")))

    assert (row.withdrawn_cents, row.balance_cents, row.net_cents) == (2_000, -2_000, -2_000)


def test_an_amount_in_below_zero_went_out():
    row = only(new(new_row(paid_in="-15.00")))

    assert (row.paid_in_cents, row.withdrawn_cents, row.kind) == (0, 1_500, RowKind.OTHER)


@pytest.mark.parametrize(
    "cell",
    ["1.005", "1,5", "1,50.00", "12,34", "abc", "1e3", "1.2.3", "9" * 12, "٣", "(20)", 0.001],
)
def test_what_is_no_amount_is_refused_with_its_line(cell):
    with pytest.raises(NotAStatement, match=r"^Line 2 .* in the column Paid In\. Download"):
        read(old(old_row(paid_in=cell)))


def test_an_amount_on_both_sides_is_refused():
    with pytest.raises(NotAStatement, match=r"^Line 2 .*both in Paid In and in Withdrawn"):
        read(new(new_row(paid_in="10", withdrawn="-10")))


@pytest.mark.parametrize(
    "time",
    [
        "22/11/2026 10:15:47",
        "22-11-2026 10:15:47",
        "2026-11-22 10:15:47",
        "22.11.2026  10:15:47",
        "46348.427627314813",
        46348.427627314813,
    ],
)
def test_times_in_every_form(time):
    row = only(old(old_row(paid_in="5", time=time)))

    assert row.completed_at.isoformat() == "2026-11-22T10:15:47+03:00"


@pytest.mark.parametrize(
    "time", ["31/02/2026 10:00:00", "22/13/2026 10:00:00", "22/11/2026 25:00:00", "soon", "", "1",
             "22/11/2006 10:00:00", "22/11/9999 10:00:00", "99999.5", "22/11-2026 10:00:00"]
)  # fmt: skip
def test_a_row_without_a_time_is_refused(time):
    with pytest.raises(NotAStatement, match=r"^Line 2 .*no completion time"):
        read(new(new_row(paid_in="10.00", time=time)))


def test_a_row_with_a_time_but_no_receipt_is_refused():
    with pytest.raises(NotAStatement, match=r"^Line 2 .*no receipt number"):
        read(new(new_row(paid_in="10.00", receipt="")))


def test_what_is_no_row_is_left_out():
    rows = [[], [""] * 7, NEW_HEADER, new_row(paid_in="10.00"), ["Disclaimer: none"], ["Total"]]

    assert [row.line for row in read(new(*rows)).rows] == [5]


@pytest.mark.parametrize("status", ["Failed", "Declined", "Pending", "Cancelled", ""])
def test_only_completed_counts_and_the_rest_is_kept(status):
    row = only(new(new_row(paid_in="10.00", status=status)))

    assert (row.counts, row.status, row.kind) == (False, status, RowKind.PAYMENT)


def test_receipts_are_capitals_and_texts_storable():
    row = only(new(new_row("Pay Bill from 1 - A\x00B Acc. 1", "1", receipt="ukm5a1b2c3")))

    assert (row.receipt, row.other_party) == ("UKM5A1B2C3", "1 - AB")


def test_a_row_keeps_names_and_phones_out_of_logs():
    row = paid("Pay Bill from 254712345678 - ACHIENG DEMO Acc. 0712345678")

    assert "ACHIENG" not in repr(row)
    assert "2345678" not in repr(row)


# What the file says of itself


@pytest.mark.parametrize(
    ("name", "shortcode", "first", "last"),
    [
        (f"{NEW_NAME}.csv", "600991", date(2026, 11, 22), date(2026, 11, 22)),
        (f"{NEW_NAME} (1).xlsx", "600991", date(2026, 11, 22), date(2026, 11, 22)),
        ("Statements_for_600991_from_2026-11-01_to_2026-11-30.csv", "600991",
         date(2026, 11, 1), date(2026, 11, 30)),
        ("Statements for 600991 from 2026-11-31 to 2026-12-01.csv", "600991", None, None),
        ("Statements for 600991 from 2026-11-30 to 2026-11-01.csv", "600991", None, None),
        ("statement.csv", "", None, None),
        ("", "", None, None),
        (OLD_NAME, "600991", None, None),
    ],
)  # fmt: skip
def test_the_new_layout_knows_its_shortcode_by_the_name(name, shortcode, first, last):
    file = read(new(new_row(paid_in="1")), name)

    assert (file.shortcode, file.first_day, file.last_day) == (shortcode, first, last)


def test_the_preamble_may_have_any_number_of_rows_and_stand_anywhere():
    preamble: list[list[Cell]] = [
        ["M-PESA"],
        [],
        ["", "Short Code:", "", 600991.0, "Account:", "Merchant Account"],
        ["Opening Balance:", "Closing Balance:", "Total Paid In:", "Total Withdrawn:", -20],
        ["Time Period:", "From", "01-11-2026 00:00:00", "To", "30-11-2026 23:59:59"],
    ]

    file = read(old(old_row(paid_in="1"), preamble=preamble), "x")

    assert (file.shortcode, file.account) == ("600991", "Merchant Account")
    assert (file.first_day, file.last_day) == (date(2026, 11, 1), date(2026, 11, 30))
    assert (file.total_paid_in_cents, file.total_withdrawn_cents) == (None, 2_000)


def test_a_sheet_in_front_is_passed_over():
    content = as_xlsx(new(new_row(paid_in="1")), before=[["About this file"], ["nothing"]])

    assert len(read_statement(content, NEW_NAME).rows) == 1


def test_rows_come_oldest_first_whichever_way_the_file_runs():
    times = ["22/11/2026 10:00:03", "22/11/2026 10:00:02", "22/11/2026 10:00:01"]
    rows = [new_row(paid_in="1", time=time) for time in times]

    assert [row.line for row in read(new(*rows)).rows] == [4, 3, 2]
    assert [row.line for row in read(new(*reversed(rows))).rows] == [2, 3, 4]
    assert [row.line for row in read(new(rows[0], rows[0], rows[2])).rows] == [4, 3, 2]


# What pages show


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2547****101 - ACHIENG DEMO", "2547…101 A. D."),
        ("25470****101 - ACHIENG **** DEMO", "2547…101 A. D."),
        ("070****107 - MARY", "070*…107 M."),
        ("0706***777 VERONICAH E", "0706…777 V. E."),
        ("254712345678 - ", "2547…678"),
        ("2547 ***** 126", "2547…126"),
        ("ACHIENG DEMO", "A. D."),
        ("600755 - DEMO BANK", "600755 - DEMO BANK"),
        ("SP", "SP"),
        ("", ""),
    ],
)
def test_parties_are_masked(text, masked):
    assert mask_party(text) == masked


def test_the_type_is_shown_without_its_party():
    assert type_of("Pay Bill Online from 2547****101 - A Acc. 1") == "Pay Bill Online"
    assert type_of("Pay Bill Charge") == "Pay Bill Charge"


@pytest.mark.parametrize("make", [as_xls, as_xlsx])
def test_truth_values_of_excel_are_texts(make):
    (row,) = read_statement(make(old([*old_row(paid_in="5")[:4], True])), OLD_NAME).rows

    assert (row.status, row.counts) == ("true", False)


def test_an_error_of_excel_is_no_amount():
    book = xlwt.Workbook()
    sheet = book.add_sheet("transaction")
    for at, cells in enumerate(old(old_row())):
        for column, value in enumerate(cells):
            if (at, column) != (1, 7):
                sheet.write(at, column, value)
    sheet.row(1).set_cell_error(7, 0x2A)
    file = io.BytesIO()
    book.save(file)

    with pytest.raises(NotAStatement, match=r"^Line 2 .* in the column Balance\."):
        read_statement(file.getvalue(), OLD_NAME)
