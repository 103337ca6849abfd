"""Goods that go back to their supplier, and what that does to what is owed, to VAT and to cost."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from money.models import Business
from money.queries import balances
from money.report import Figure
from money.statements.vat import vat_return
from shops.actions.items import BadStock, NotAllowed, TooFew, UsedBefore, write_off
from shops.actions.purchases import TooMuch, pay_supplier, take_back
from shops.actions.supplier_returns import GoesBack, send_back
from shops.models import Purchase, StockItem, StockLevel, Supplier, SupplierReturn
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, bought, lines_of, taxed_lines_of


@pytest.fixture(autouse=True)
def _ties(db: None) -> Iterator[None]:
    yield
    assert verify_stock() == []


@pytest.fixture
def sugar(duka: Business) -> StockItem:
    return make.counted(make.a_product(duka, name="Sugar", unit="kg"))


@pytest.fixture
def purchase(duka: Business, sugar: StockItem) -> Purchase:
    """50 kg for 5,800.00 with VAT, on credit."""
    return make.a_purchase(make.a_supplier(duka), bought(sugar, 50_000, 500_000, vat=80_000))


def sent_back(purchase: Purchase, milli: int, **but: Any) -> SupplierReturn:
    line = purchase.lines.order_by("pk")[0]
    facts: dict[str, Any] = {"key": f"back-{milli}", "lines": {line.pk: milli}, "reason": "Wet"}
    wish = GoesBack(**(facts | {k: but.pop(k) for k in list(but) if k in GoesBack.__slots__}))
    by = make.amina_of(purchase.business)
    rest: dict[str, Any] = {"returned_on": TODAY, "by": by, "now": NOW}
    return send_back(purchase=purchase, wish=wish, **(rest | but))


def owed(purchase: Purchase) -> int:
    return Supplier.objects.get(pk=purchase.supplier_id).owed_cents


def test_off_what_is_owed_with_its_vat(purchase: Purchase) -> None:
    note = sent_back(purchase, 10_000, number="CN-4")

    assert taxed_lines_of(note.reference) == [
        ("2000", 116_000, ""),
        ("1400", -100_000, "B"),
        ("1800", -16_000, "B"),
    ]
    assert (note.total_cents, note.vat_cents, owed(purchase)) == (116_000, 16_000, 464_000)
    level = StockLevel.objects.get()
    assert (level.on_hand_milli, level.value_cents) == (40_000, 400_000)
    assert sent_back(purchase, 10_000) == note


def test_the_vat_return_takes_it_back(duka: Business, purchase: Purchase) -> None:
    def claimed() -> int:
        return -balances(duka)["1800"]

    before = claimed()
    sent_back(purchase, 50_000)
    assert (before, claimed()) == (-80_000, 0)
    rows = vat_return(tax_person=duka.tax_person, month=date(2026, 11, 1)).rows
    figures = [cell.cents for row in rows for cell in row.cells if isinstance(cell, Figure)]
    assert figures
    assert set(figures) == {0}


def test_money_that_came_back_at_once(purchase: Purchase) -> None:
    note = sent_back(purchase, 50_000, paid_to="1200")

    assert lines_of(note.reference)[0] == ("1200", 580_000)
    assert owed(purchase) == 580_000
    assert StockLevel.objects.get().value_cents == 0


def test_what_lies_between_price_and_average_is_cost_of_sales(
    duka: Business, sugar: StockItem, purchase: Purchase
) -> None:
    """50 kg at 100.00 and 50 kg at 120.00 are 110.00 a kg; ten of the first go back."""
    make.a_purchase(make.a_supplier(duka), bought(sugar, 50_000, 600_000, vat=96_000))
    note = sent_back(purchase, 10_000)

    assert sorted(taxed_lines_of(note.reference)) == [
        ("1400", -100_000, "B"),
        ("1400", -10_000, ""),
        ("1800", -16_000, "B"),
        ("2000", 116_000, ""),
        ("5040", 10_000, ""),
    ]
    assert StockLevel.objects.get().value_cents == 990_000


def test_vat_that_was_cost_goes_back_as_cost(duka: Business, sugar: StockItem) -> None:
    duka.tax_person.vat_registered_from = None
    duka.tax_person.save()
    purchase = make.a_purchase(make.a_supplier(duka), bought(sugar, 50_000, 500_000, vat=80_000))
    note = sent_back(purchase, 10_000)

    assert taxed_lines_of(note.reference) == [("2000", 116_000, ""), ("1400", -116_000, "")]


def test_parts_re_add_to_the_line(duka: Business) -> None:
    item = make.counted(make.a_product(duka, tax_class="B"))
    purchase = make.a_purchase(make.a_supplier(duka), bought(item, 3_000, 10_000, vat=1_600))
    parts = [sent_back(purchase, 1_000, key=f"part-{n}") for n in range(3)]

    assert [(p.total_cents, p.vat_cents) for p in parts] == [
        (3_866, 533),
        (3_868, 534),
        (3_866, 533),
    ]
    assert owed(purchase) == 0
    with pytest.raises(TooFew, match="0 of this purchase can go back"):
        sent_back(purchase, 1_000, key="one-more")


def test_what_was_paid_is_owed_by_the_supplier(duka: Business, purchase: Purchase) -> None:
    facts: dict[str, Any] = {"note": "", "by": make.amina_of(duka), "now": NOW}
    kapa = purchase.supplier
    pay_supplier(
        supplier=kapa,
        amount_cents=580_000,
        paid_from="1200",
        paid_on=TODAY,
        key="all-of-it",
        **facts,
    )
    sent_back(purchase, 10_000)
    assert owed(purchase) == -116_000

    def back(cents: int, key: str = "came-back") -> Any:
        return take_back(
            supplier=kapa, amount_cents=cents, paid_to="1200", paid_on=TODAY, key=key, **facts
        )

    with pytest.raises(TooMuch, match="owes KES 1,160"):
        back(116_001)
    payment = back(16_000)
    assert back(16_000) == payment
    assert lines_of(payment.reference) == [("1200", 16_000), ("2000", -16_000)]
    with pytest.raises(UsedBefore):
        back(1_000)
    # The rest is used up by the next purchase on credit.
    item = StockItem.objects.get()
    make.a_purchase(kapa, bought(item, 50_000, 500_000, vat=80_000))
    assert owed(purchase) == 480_000


def test_at_most_what_lies_there_and_is_free(duka: Business, purchase: Purchase) -> None:
    item = StockItem.objects.get()
    make.a_sale(duka, product=item.product, milli=30_000)
    write_off(
        item=item,
        quantity_milli=5_000,
        reason="leakage",
        note="",
        lost_on=TODAY,
        key="loss-key",
        by=make.amina_of(duka),
        now=NOW,
    )
    with pytest.raises(TooFew, match="Sugar: 15 can go back"):
        sent_back(purchase, 16_000)
    sent_back(purchase, 15_000)


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"reason": "  "}, "Write why"),
        ({"reason": "x" * 201}, "Write why"),
        ({"lines": {}}, "Write how many"),
        ({"lines": {0: 1_000}}, "Write how many"),
        ({"milli": 51_000}, "50 of this purchase"),
        ({"milli": 0}, "write how many"),
        ({"paid_to": "1000"}, "drawer"),
        ({"paid_to": "4040"}, "Choose what"),
        ({"returned_on": date(2026, 11, 21)}, "before it was bought"),
        ({"returned_on": date(2026, 11, 23)}, "still to come"),
    ],
)
def test_what_cannot_go_back(purchase: Purchase, but: dict[str, Any], said: str) -> None:
    with pytest.raises(BadStock, match=said):
        sent_back(purchase, but.pop("milli", 1_000), **but)
    assert SupplierReturn.objects.count() == 0


def test_only_who_keeps_stock_sends_back(duka: Business, purchase: Purchase) -> None:
    with pytest.raises(NotAllowed):
        sent_back(purchase, 1_000, by=make.baraka())


def test_a_page_of_another_purchase(duka: Business, sugar: StockItem, purchase: Purchase) -> None:
    other = make.a_purchase(make.a_supplier(duka), bought(sugar, 1_000, 100))
    sent_back(purchase, 1_000, key="one-page")
    with pytest.raises(UsedBefore):
        sent_back(other, 1_000, key="one-page")
