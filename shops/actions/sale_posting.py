"""What a sale posts: itself when it is paid, each tender of cash, and cash that goes back."""

from collections import defaultdict
from datetime import date, datetime

from money.actions.posting import post, post_many
from money.cents import vat_part
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.models import Entry, User
from shops.actions.stock import cost_draft, take_pieces
from shops.models import ReceiptBook, Sale, SaleState, Tender


def complete(sale: Sale, paid_on: date, by: User, now: datetime) -> None:
    """Give a locked sale its receipt number and post it: Dr receivable, Cr sales, Cr output VAT.

    What it reserved leaves the stock, and is posted beside: Dr cost of sales, Cr stock.
    One that has both from before is paid again. `paid_on` is its business day in the books.
    """
    if sale.number is not None:
        sale.state = SaleState.PAID
        sale.save(update_fields=["state"])
        return
    # Before the receipt book: who rings up and pays at once has locked the levels first, too.
    cost = take_pieces(sale, by=by, now=now)
    ReceiptBook.objects.get_or_create(business=sale.business)
    book = ReceiptBook.objects.select_for_update().get(business=sale.business)
    book.last_number += 1
    book.save(update_fields=["last_number"])
    sale.number, sale.state, sale.ended_at = book.last_number, SaleState.PAID, now
    sale.save(update_fields=["number", "state", "ended_at"])
    draft = Draft(
        business=sale.business,
        key=sale.reference,
        occurred_on=paid_on,
        description=f"Sale, receipt {sale.number}",
        source=f"receipt {sale.number}",
        actor=by,
        lines=_lines_of(sale),
    )
    post_many([draft, *cost_draft(sale, cost, paid_on=paid_on, by=by)], posted_at=now)


def _lines_of(sale: Sale) -> list[DraftLine]:
    """Return Dr receivable, Cr sales and VAT per tax letter, and the excise duty that is owed.

    Sales are at the price of the list, without VAT; what a discount took off it is on its own.
    Letters make the VAT return, so there are none where no VAT may be charged.
    """
    credits_cents: dict[tuple[str, str], int] = defaultdict(int)
    duty = 0
    for line in sale.lines.order_by("pk"):
        letter = line.tax_class if sale.is_vat_registered else ""
        listed = line.amount_cents + line.discount_cents
        listed_net = listed - vat_part(listed, line.rate_bp)
        credits_cents[line.sales_account, letter] += listed_net
        credits_cents[Code.DISCOUNTS, letter] -= listed_net - line.amount_cents + line.vat_cents
        credits_cents[Code.OUTPUT_VAT, letter] += line.vat_cents
        duty += line.excise_cents
    lines: list[DraftLine] = [(Code.RECEIVABLE, sale.total_cents)]
    lines += [(code, -cents, tax) for (code, tax), cents in credits_cents.items() if cents]
    if duty:
        lines += [(Code.EXCISE, duty), (Code.EXCISE_PAYABLE, -duty)]
    return lines


def post_cash(tender: Tender, paid_on: date, by: User, now: datetime) -> None:
    """Dr cash drawer, Cr receivable; what rounding took or gave goes to its own account."""
    sale, session = tender.sale, tender.session
    assert session is not None  # a database without one refuses the tender
    lines = [
        (session.drawer.account_code, tender.amount_cents + tender.rounding_cents),
        (Code.RECEIVABLE, -tender.amount_cents),
        (Code.ROUNDING, -tender.rounding_cents),
    ]
    draft = Draft(
        business=sale.business,
        key=f"cash:{tender.pk}",
        occurred_on=paid_on,
        description=f"Cash for {name_of(sale)}",
        source=name_of(sale),
        actor=by,
        lines=[(code, cents) for code, cents in lines if cents],
    )
    post(draft, posted_at=now)


def post_cash_back(tender: Tender, by: User, now: datetime) -> None:
    """Dr receivable, Cr the drawer that gave a part of a sale back."""
    session = tender.back_session
    assert session is not None  # a database without one refuses it
    cents = tender.amount_cents + tender.rounding_cents
    draft = Draft(
        business=tender.sale.business,
        key=f"cashback:{tender.pk}",
        # Of two drawers one may still be in the day before that of the cash.
        occurred_on=max(session.day, tender.session.day if tender.session else session.day),
        description=f"Cash given back for {name_of(tender.sale)}",
        source=name_of(tender.sale),
        actor=by,
        lines=[(Code.RECEIVABLE, cents), (session.drawer.account_code, -cents)],
    )
    post(draft, posted_at=now)


def sold_day(sale: Sale) -> date:
    """Return the day on which a sale with a receipt stands in the books."""
    rows = Entry.objects.filter(business=sale.business, key=sale.reference)
    return rows.values_list("occurred_on", flat=True).first() or sale.sold_on


def name_of(sale: Sale) -> str:
    """Return "receipt 42", and "sale 17" while it has none."""
    return f"receipt {sale.number}" if sale.number else f"sale {sale.pk}"
