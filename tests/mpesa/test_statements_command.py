"""`load_statement`: what it prints, and how it ends."""

import io

import pytest
import time_machine
from django.core.management import CommandError, call_command

from money.models import Role
from mpesa.models import Payment, StatementUpload
from tests.make import a_user
from tests.mpesa.statements.books import MORNING, PAY, a_paybill, named
from tests.mpesa.statements.makers import NEW_SAMPLE, as_csv, new, new_row
from tests.mpesa.test_statements_days import paid


@pytest.fixture
def till(db):
    return a_paybill()


def run(path=NEW_SAMPLE, *options, till="600991"):
    out = io.StringIO()
    with time_machine.travel(MORNING, tick=False):
        call_command("load_statement", str(path), "--till", till, *options, stdout=out)
    return out.getvalue()


def refusal(*args, **options):
    with pytest.raises(CommandError) as refused:
        run(*args, **options)
    return str(refused.value)


def test_a_file_is_brought_in_and_counted(till):
    owner = a_user("amina", duka=Role.OWNER)

    said = run(NEW_SAMPLE, "--by", "amina")

    assert "8 rows, 0 of them without effect" in said
    assert "Payments missing in our books: 4, KES 30,300\n" in said
    assert "Charges: 1, KES 20\n" in said
    assert "8 of 8 rows\nBrought in.\n2026-11-22: 4 payments agree, tied off\n" in said
    assert (StatementUpload.objects.get().by, Payment.objects.count()) == (owner, 4)
    assert "It was brought in before." in run()


def test_a_preview_writes_no_payment(till):
    said = run(NEW_SAMPLE, "--preview")

    assert "Payments missing in our books: 4" in said
    assert (Payment.objects.count(), StatementUpload.objects.get().state) == (0, "preview")


def test_differences_are_named_and_fail(till, tmp_path):
    paid(till, "UKM5A1B2F0")
    paid(till, "UKM5A1B2C3", 5_000)
    file = tmp_path / named()
    file.write_bytes(as_csv(new(new_row(PAY, "100.00"))))

    assert refusal(file) == (
        "Statement and books differ. 2026-11-22: only in our books UKM5A1B2F0;"
        " differing UKM5A1B2C3."
    )


def test_what_is_refused_says_why(till, tmp_path):
    a_user("baraka", duka=Role.CASHIER)
    nothing = tmp_path / named()
    nothing.write_bytes(b"")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(20_000_001)

    assert refusal(till="99") == "There is no till 99."
    assert refusal(NEW_SAMPLE, "--by", "nobody") == "Nobody signs in as nobody."
    assert "does not keep the books" in refusal(NEW_SAMPLE, "--by", "baraka")
    assert refusal(nothing) == "The file is empty. Download the statement again."
    assert "larger than 20 MB" in refusal(large)
    assert "cannot be read" in refusal(tmp_path / "gone.csv")
    assert StatementUpload.objects.count() == 0


def test_a_file_without_days_ties_nothing_off(till, tmp_path):
    file = tmp_path / "ORG_600991_.csv"
    file.write_bytes(as_csv(new(new_row(PAY, "100.00"))))

    assert "covers no whole day" in run(file)
    assert Payment.objects.count() == 1


def test_rows_to_look_at_and_gaps_are_told(till, tmp_path):
    file = tmp_path / named()
    file.write_bytes(
        as_csv(
            new(
                new_row(PAY, "50.00", balance="950.00", time="22/11/2026 11:15:47"),
                new_row("A new way of money", "7.00", balance="7.00", receipt="UKM5A1B2Z1"),
            )
        )
    )

    said = run(file)

    assert "Look at UKM5A1B2Z1, A new way of money, KES 7: not posted by itself." in said
    assert "Warning: Rows may be missing" in said
