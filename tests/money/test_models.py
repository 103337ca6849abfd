from datetime import date

from money.chart import Code
from money.models import Account, Book, Business, Entry, Line, Membership, Movement, Role, TaxRate
from tests.make import a_tax_person, a_user, an_entry


def test_people_read_names_not_numbers(duka: Business) -> None:
    a_user("amina", duka=Role.OWNER)
    an_entry(duka)

    assert str(Membership.objects.get()) == "amina: Owner of Amina duka"
    assert str(a_tax_person()) == "Amina Hassan"
    assert str(Account.objects.get(code=Code.CASH_DRAWER)) == "1000 Cash drawer"
    assert str(Book.objects.get()) == "Book of Amina duka, 1 entries"
    assert str(Entry.objects.get()) == "duka 1"


def test_rows_of_the_books_print_their_cents(duka: Business) -> None:
    an_entry(duka, cents=10_000)
    account = Account.objects.get(code=Code.CASH_DRAWER)

    assert str(Line.objects.get(account=account)) == f"{account.pk}: 10000"
    assert str(Movement.objects.get(account=account)) == f"{account.pk} 2026-11-01: 10000 / 0"


def test_tax_rate_prints_its_percentage() -> None:
    rates = [TaxRate(tax_class="B", from_on=date(2021, 1, 1), rate_bp=bp) for bp in (1_600, 1_250)]

    assert [str(rate) for rate in rates] == [
        "B 16 % from 2021-01-01",
        "B 12.5 % from 2021-01-01",
    ]
