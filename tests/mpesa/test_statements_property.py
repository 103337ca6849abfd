"""Any files, in any order and as often as one likes: the same books, and inbox equals account."""

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.models import StatementRow
from tests.mpesa.statements.books import PAY, REVERSE, a_paybill, books, check, load
from tests.mpesa.statements.makers import as_csv, as_xlsx, new, new_row

PAYMENTS = 4


def the_rows():
    rows = []
    for n in range(PAYMENTS):
        receipt, time = f"UKM5A1B2C{n}", f"22/11/2026 1{n}:00:00"
        rows.append(new_row(PAY, f"{n + 1}00.00", receipt=receipt, time=time))
    for n in range(PAYMENTS):
        receipt, time = f"UKM5A1B2C{n}", f"22/11/2026 1{n}:00:00"
        rows.append(new_row("Pay Bill Charge", "0.00", f"-{n + 1}.00", receipt=receipt, time=time))
    for n in range(2):
        about = f"{REVERSE} UKM5A1B2C{n}"
        out, receipt = f"-{n + 1}00.00", f"UKM5A1B2R{n}"
        rows.append(new_row(about, "0.00", out, receipt=receipt, time="22/11/2026 20:00:00"))
    rows.append(
        new_row(
            "Agency Withdrawal of funds to Bank",
            "0.00",
            "-50.00",
            receipt="UKM5A1B2N1",
            time="22/11/2026 21:00:00",
        )
    )
    return rows


ROWS = the_rows()
files = st.tuples(st.sets(st.integers(0, len(ROWS) - 1)), st.sampled_from([as_csv, as_xlsx]))


def expected(indexes):
    """Return the accounts that the rows of these indexes make, in cents."""
    paid = sum((n + 1) * 10_000 for n in range(PAYMENTS) if n in indexes)
    charged = sum((n + 1) * 100 for n in range(PAYMENTS) if PAYMENTS + n in indexes)
    back = sum((n + 1) * 10_000 for n in range(2) if {n, 2 * PAYMENTS + n} <= indexes)
    bank = 5_000 * (len(ROWS) - 1 in indexes)
    return paid - charged - back - bank, bank, back - paid, charged


@settings(max_examples=20, deadline=None)
@given(st.lists(files, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_files_ends_in_the_same_books(db, told, chance):
    with transaction.atomic():
        till = a_paybill()
        order = told * 2
        chance.shuffle(order)

        for indexes, write in order:
            # Newest first, as the portal writes them.
            rows = [ROWS[index] for index in sorted(indexes)]
            rows.sort(key=lambda row: row[1], reverse=True)
            load(till, write(new(*rows)))

        union = set().union(*(indexes for indexes, _ in told))
        assert books(till) == expected(union)
        assert StatementRow.objects.count() == len(union)
        check(till)
        transaction.set_rollback(True)
