"""The two samples of the reference, row by row, and the same rows through every kind of file."""

from datetime import date, datetime

import pytest

from mpesa.payloads import NAIROBI
from mpesa.statements import RowKind, check_balances, check_keys, check_totals, read_statement
from tests.mpesa.statements.makers import (
    KINDS,
    NEW_NAME,
    NEW_SAMPLE,
    OLD_NAME,
    OLD_SAMPLE,
    as_csv,
    as_xls,
    as_xlsx,
    grid_of,
)


def facts(row):
    return (
        row.line,
        row.receipt,
        f"{row.completed_at:%d %H:%M:%S}",
        row.kind,
        row.paid_in_cents,
        row.withdrawn_cents,
        row.balance_cents,
        row.other_party,
        row.account_reference,
    )


def test_the_new_sample_row_by_row():
    file = read_statement(NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name)

    bank, shop = "600755 - DEMO BANK", "9900102 - DEMO SHOP"
    achieng, mary = "2547****101 - ACHIENG DEMO", "2547****107 - MARY DEMO"
    sweep, pay = RowKind.SWEEP_INTERNAL, RowKind.PAYMENT
    assert [facts(row) for row in file.rows] == [
        (9, "UKM5A1B2P2", "22 09:41:30", pay, 300_000, 0, 4_594_000, shop, "supplies"),
        (8, "UKM5A1B2D1", "22 10:02:09", pay, 80_000, 0, 4_674_000, mary, ""),
        (7, "UKM5A1B2C3", "22 10:15:47", pay, 150_000, 0, 4_824_000, achieng, "INV-000123"),
        (6, "UKM5A1B2C3", "22 10:15:47", RowKind.CHARGE, 0, 2_000, 4_822_000, "", ""),
        (5, "UKM5A1B2E0", "22 11:15:02", pay, 2_500_000, 0, 7_322_000, bank, "INV-000131"),
        (4, "UKM5A1B2M8", "22 23:10:00", sweep, 0, 7_322_000, 0, "", ""),
        (3, "UKM5A1B2M8", "22 23:10:00", sweep, 7_322_000, 0, 7_322_000, "", ""),
        (2, "UKM5A1B2N1", "22 23:30:00", RowKind.TO_BANK, 0, 7_322_000, 0, "", ""),
    ]
    assert (file.layout, file.shortcode, file.account) == ("new", "600991", "")
    assert (file.first_day, file.last_day) == (date(2026, 11, 22), date(2026, 11, 22))
    assert (file.total_paid_in_cents, file.total_withdrawn_cents) == (None, None)


def test_the_old_sample_row_by_row():
    file = read_statement(OLD_SAMPLE.read_bytes(), OLD_SAMPLE.name)

    achieng, mary = "25470****101 - ACHIENG **** DEMO", "070****107 - MARY **** DEMO"
    pay, charge, traders = RowKind.PAYMENT, RowKind.CHARGE, "600991 - DEMO TRADERS"
    assert [facts(row) for row in file.rows] == [
        (12, "UKM5A1B2D1", "22 10:02:09", pay, 80_000, 0, 4_675_000, mary, "inv 000120"),
        (11, "UKM5A1B2D1", "22 10:02:09", charge, 0, 1_000, 4_674_000, "SP", "inv 000120"),
        (10, "UKM5A1B2C3", "22 10:15:47", pay, 150_000, 0, 4_824_000, achieng, "INV-000123"),
        (9, "UKM5A1B2C3", "22 10:15:47", charge, 0, 2_000, 4_822_000, "SP", "INV-000123"),
        (8, "UKM5A1B2M8", "22 23:10:00", RowKind.SWEEP_INTERNAL, 0, 4_822_000, 0, traders, ""),
    ]
    assert [row.reason_type for row in file.rows] == [
        "Pay Utility",
        "Pay Utility",
        "Pay Utility with OD via STK",
        "Pay Utility with OD via STK",
        "Organization Settlement",
    ]
    assert (file.layout, file.shortcode, file.account) == ("old", "600991", "Utility Account")
    assert (file.first_day, file.last_day) == (date(2026, 11, 21), date(2026, 11, 22))
    assert (file.total_paid_in_cents, file.total_withdrawn_cents) == (230_000, 4_825_000)


@pytest.mark.parametrize("sample", [NEW_SAMPLE, OLD_SAMPLE])
def test_samples_are_whole(sample):
    file = read_statement(sample.read_bytes(), sample.name)

    assert check_totals(file) is None
    assert check_balances(file) == []
    assert check_keys(file) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sample", [NEW_SAMPLE, OLD_SAMPLE])
def test_a_sample_reads_alike_as_every_kind_of_file(sample, kind):
    content = KINDS[kind](grid_of(sample))

    # The ending lies on purpose.
    assert read_statement(content, f"{sample.name}.pdf") == read_statement(
        sample.read_bytes(), sample.name
    )


def as_numbers(grid):
    """Return the old sample as Excel keeps it: amounts are numbers, times are dates."""
    numbered = [[*row] for row in grid]
    for row in numbered[7:]:
        for column in (5, 6, 7):
            row[column] = float(row[column]) if row[column] else ""
        for column in (1, 2):
            row[column] = datetime.strptime(row[column], "%d-%m-%Y %H:%M:%S")  # noqa: DTZ007
    numbered[1][1] = 600991.0
    return numbered


@pytest.mark.parametrize("since_1904", [False, True])
@pytest.mark.parametrize("make", [as_xls, as_xlsx])
def test_numbers_and_dates_of_excel_read_like_their_texts(make, since_1904):
    grid = as_numbers(grid_of(OLD_SAMPLE))

    file = read_statement(make(grid, since_1904=since_1904), "statement.xls")

    assert file == read_statement(OLD_SAMPLE.read_bytes(), OLD_SAMPLE.name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_reads_alike_in_each_encoding(encoding):
    grid = grid_of(NEW_SAMPLE)
    grid[6][2] = "Pay Bill from 2547****101 - RENÉ DEMO Acc. café"

    row = read_statement(as_csv(grid, encoding), NEW_NAME).rows[2]

    assert (row.other_party, row.account_reference) == ("2547****101 - RENÉ DEMO", "café")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_saved_again_by_excel_reads_alike(delimiter):
    content = as_csv(grid_of(OLD_SAMPLE), "utf-8-sig", delimiter)

    assert read_statement(content, "") == read_statement(OLD_SAMPLE.read_bytes(), "")


def test_times_are_nairobi():
    row = read_statement(OLD_SAMPLE.read_bytes(), OLD_NAME).rows[2]

    assert row.completed_at == datetime(2026, 11, 22, 10, 15, 47, tzinfo=NAIROBI)
    assert row.completed_at.isoformat() == "2026-11-22T10:15:47+03:00"
