"""Refunds: lines of a receipt come back, and their money goes back the way it came."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from money.access import limit_of
from money.actions.posting import post, post_many
from money.cents import MILLI, format_shillings, whole_shillings
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.limits import Limit
from money.models import Business, User
from mpesa.models import Payment, Reversal
from mpesa.queries import is_booked_from_statement
from shops.actions.drawers import USED, session_for_cash
from shops.actions.sale_posting import sold_day
from shops.actions.settle import lock_sale, settle_if_nothing_is_owed
from shops.actions.stock import lock_taken_pieces, put_back
from shops.models import (
    POSTED,
    CashSession,
    Customer,
    Method,
    ReceiptBook,
    Refund,
    RefundLine,
    RefundTender,
    Sale,
    SaleLine,
    Unit,
)
from shops.queries.refunds import came_by, cash_back, credit_left, returned_cents, sold_lines
from shops.queries.sales import owed_cents
from shops.refunding import BadRefund, SoldLine, ways_back

MOST_REASON = 200
_RECEIPT = re.compile(r"[A-Z0-9]{8,12}")


class NeedsApproval(Exception):
    """The refund is above the limit of who gives it: somebody with a wider one agrees by PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What is to come back: thousandths by sale line, why, and whether it can be sold again.

    `first` is the method that is used up first, where the money came several ways.
    """

    key: str
    lines: Mapping[int, int]
    reason: str
    is_restocked: bool
    first: str = ""


def refund_sale(
    *,
    sale_id: int,
    wish: Return,
    by: User,
    now: datetime,
    approved_by: User | None = None,
    drawer_id: int | None = None,
) -> Refund:
    """Take lines of a receipt back under a credit note, and post it.

    Dr sales returns and VAT; Cr drawer, refunds due (M-Pesa) or receivable. What the receipt owes
    again, because its payment was taken back, is owed as much less. `approved_by` is kept where it
    was needed. The same key and lines are one refund. Raises BadRefund, NeedsApproval, NoSession.
    """
    reason = _reason(wish)
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if first := Refund.objects.filter(key=wish.key, sale=sale).first():
            return _same(first, wish)
        if sale.state not in POSTED:
            raise BadRefund("Only what is paid is given back. Cancel an open sale instead.")
        parts = _parts(sold_lines(sale), wish)
        total = sum(cents for _, _, cents, _ in parts)
        agreed_by = _who_agrees(sale, total, by, approved_by)
        _lock_what_changes(sale)
        lost = min(owed_cents(sale), total)
        ways = ways_back(total - lost, came_by(sale), wish.first)
        session = _session_for(ways, sale.business, drawer_id)
        refund = Refund.objects.create(
            business=sale.business,
            sale=sale,
            key=wish.key,
            number=_next_number(sale.business),
            refunded_on=max(session.day if session else timezone.localdate(now), sold_day(sale)),
            total_cents=total,
            vat_cents=sum(vat for *_, vat in parts),
            reason=reason,
            is_restocked=wish.is_restocked,
            by=by,
            approved_by=agreed_by,
            at=now,
        )
        _keep_lines(refund, parts)
        tenders = _tenders(refund, ways, lost, session)
        settle_if_nothing_is_owed(sale)
        _post_refund(refund, tenders, session, now)
    return refund


def _same(first: Refund, wish: Return) -> Refund:
    """Return the refund of a key that was used before; raise BadRefund where it was another one.

    Once all came back, who asks for all that is left asks for no lines.
    """
    lines = dict(first.lines.values_list("line_id", "quantity_milli"))
    if wish.lines and dict(wish.lines) != lines:
        raise BadRefund(USED)
    if (first.is_restocked, first.reason) != (wish.is_restocked, _reason(wish)):
        raise BadRefund(USED)
    return first


def _reason(wish: Return) -> str:
    reason = " ".join(wish.reason.split())
    if not reason or len(reason) > MOST_REASON:
        raise BadRefund(f"Write why it comes back, in at most {MOST_REASON} letters.")
    return reason


def _keep_lines(refund: Refund, parts: list[tuple[SoldLine, int, int, int]]) -> None:
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            line_id=line.pk,
            quantity_milli=milli,
            amount_cents=cents,
            vat_cents=vat,
        )
        for line, milli, cents, vat in parts
    )


def record_payout(
    *, tender_id: int, business: Business, receipt: str, by: User, now: datetime
) -> RefundTender:
    """Note that money which was due has gone back by M-Pesa: Dr refunds due, Cr till.

    `receipt` is Safaricom's code of that payment out. Once noted it stays. A reversal of the
    payment itself needs no note: it is booked by itself. Raises BadRefund.
    """
    receipt = receipt.strip().upper()
    if not _RECEIPT.fullmatch(receipt):
        raise BadRefund(
            "Copy Safaricom's code of the payment out: letters and digits, as UKM5A1B2C3."
        )
    with transaction.atomic():
        rows = RefundTender.objects.filter(refund__business=business, method=Method.MPESA)
        found = rows.filter(pk=tender_id).values_list("refund__sale_id", flat=True).first()
        if found is None:
            raise BadRefund("There is no such refund here.")
        # The sale first, as whoever takes its payment back.
        lock_sale(found)
        tender = rows.select_related("refund").get(pk=tender_id)
        if tender.mpesa_receipt:
            return tender
        _refuse_code(tender, receipt)
        cents = tender.due_cents
        tender.mpesa_receipt, tender.sent_by, tender.sent_at = receipt, by, now
        try:
            with transaction.atomic():
                tender.save(update_fields=["mpesa_receipt", "sent_by", "sent_at"])
        except IntegrityError as error:
            raise BadRefund(f"{receipt} was noted for another refund already.") from error
        draft = Draft(
            business=business,
            key=f"payout:{tender.pk}",
            occurred_on=timezone.localdate(now),
            description=f"Sent back by M-Pesa, credit note {tender.refund.number}",
            source=receipt,
            actor=by,
            lines=[
                (Code.REFUNDS_DUE, cents),
                (Code.MPESA_TILL, -cents),
            ],
        )
        post(draft, posted_at=now)
    return tender


def _refuse_code(tender: RefundTender, receipt: str) -> None:
    """Raise BadRefund where nothing is due, or the code is that of something else."""
    if not tender.due_cents:
        raise BadRefund("Nothing is left to send: the payment itself was taken back.")
    if Payment.objects.filter(receipt=receipt).exists():
        raise BadRefund(f"{receipt} is a payment that came in. Copy the code of the one sent out.")
    if is_booked_from_statement(tender.refund.business, receipt):
        raise BadRefund(f"{receipt} is booked from a statement already, as something else.")
    if Reversal.objects.filter(receipt=receipt).exists():
        raise BadRefund(f"{receipt} took a payment back, which is booked by itself.")


def _parts(lines: Mapping[int, SoldLine], wish: Return) -> list[tuple[SoldLine, int, int, int]]:
    """Return (line, thousandths, cents, VAT) of what comes back. Raises BadRefund."""
    wanted = wish.lines
    if not wanted:
        raise BadRefund("Tick what comes back.")
    if missing := wanted.keys() - lines.keys():
        raise BadRefund(f"Line {min(missing)} is not on this receipt.")
    parts = [(lines[pk], milli, *lines[pk].part_of(milli)) for pk, milli in sorted(wanted.items())]
    # A cent of a pinch may be all tax by rounding: a credit note is of goods.
    if sum(cents - vat for _, _, cents, vat in parts) <= 0:
        raise BadRefund("That is worth nothing. Take more of it back at once.")
    _refuse_half_pieces(wish)
    return parts


def _refuse_half_pieces(wish: Return) -> None:
    """Raise BadRefund where half a piece would lie on the shelf: nobody can sell it again.

    What is not sold again may be a part of the price, for what was charged too much.
    """
    if not wish.is_restocked:
        return
    halves = [pk for pk, milli in wish.lines.items() if milli % MILLI]
    pieces = SaleLine.objects.filter(pk__in=halves, unit=Unit.PIECE, stock__comes_back=True)
    if first := pieces.order_by("pk").first():
        raise BadRefund(
            f"{first.name} comes back whole where it can be sold again. Write 1, 2 or 3, or take"
            " that tick away."
        )


def _who_agrees(sale: Sale, total: int, by: User, approved_by: User | None) -> User | None:
    """Return who has to agree, None where `by` may; raises NeedsApproval.

    All that came back on the receipt counts: a large refund in small steps is a large one.
    """
    whole = total + returned_cents(sale)
    if _may_give_back(by, sale.business, whole):
        return None
    if approved_by and approved_by != by and _may_give_back(approved_by, sale.business, whole):
        return approved_by
    raise NeedsApproval(
        f"KES {format_shillings(whole)} on one receipt is more than you may give back."
        " A manager agrees with a PIN."
    )


def _may_give_back(person: User, business: Business, cents: int) -> bool:
    limit = limit_of(person, business, Limit.REFUND)
    return limit is None or cents <= limit


def _lock_what_changes(sale: Sale) -> None:
    """Lock the pieces, then who owes: nobody pays a debt, or buys more, while it is looked at."""
    lock_taken_pieces(sale)
    ids = sale.tenders.filter(customer__isnull=False).values("customer_id")
    list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _session_for(
    ways: list[tuple[str, int]], business: Business, drawer_id: int | None
) -> CashSession | None:
    is_cash = any(method == Method.CASH for method, _ in ways)
    return session_for_cash(business, drawer_id) if is_cash else None


def _next_number(business: Business) -> int:
    ReceiptBook.objects.get_or_create(business=business)
    book = ReceiptBook.objects.select_for_update().get(business=business)
    book.last_refund_number += 1
    book.save(update_fields=["last_refund_number"])
    return book.last_refund_number


def _tenders(
    refund: Refund, ways: list[tuple[str, int]], lost: int, session: CashSession | None
) -> list[RefundTender]:
    """Write how the money goes back; `lost` cents of it are owed by the receipt itself."""
    rows = []
    if lost:
        rows.append(RefundTender(method=Method.MPESA, amount_cents=lost, reversed_cents=lost))
    for method, cents in ways:
        if method == Method.CREDIT:
            rows += _off_debts(refund.sale, cents)
        elif method == Method.CASH:
            rows.append(_out_of_drawer(refund.sale, cents, session))
        else:
            rows.append(RefundTender(method=method, amount_cents=cents))
    for row in rows:
        row.refund = refund
        row.save(force_insert=True)
    return rows


def _off_debts(sale: Sale, cents: int) -> list[RefundTender]:
    """Take cents off what the customers of a sale owe, in the order in which they got credit."""
    rows = []
    for customer_id, left in credit_left(sale).items():
        if part := min(left, cents):
            rows.append(
                RefundTender(method=Method.CREDIT, amount_cents=part, customer_id=customer_id)
            )
            cents -= part
    return rows


def _out_of_drawer(sale: Sale, cents: int, session: CashSession | None) -> RefundTender:
    """Round all that goes back in cash on a receipt, so that parts take out no more than it."""
    back, out = cash_back(sale)
    whole = whole_shillings(back + cents) - out
    return RefundTender(
        method=Method.CASH, amount_cents=cents, rounding_cents=whole - cents, session=session
    )


def _post_refund(
    refund: Refund, tenders: list[RefundTender], session: CashSession | None, now: datetime
) -> None:
    """Dr sales returns and output VAT per tax letter; Cr where the money goes.

    What can be sold again is put back on the shelf, and posted beside.
    """
    restock = put_back(refund)
    debits: dict[tuple[str, str], int] = defaultdict(int)
    rows = SaleLine.objects.filter(refunds__refund=refund).order_by("pk")
    letters = dict(rows.values_list("pk", "tax_class"))
    for part in refund.lines.order_by("pk"):
        letter = letters[part.line_id] if refund.sale.is_vat_registered else ""
        debits[Code.SALES_RETURNS, letter] += part.amount_cents - part.vat_cents
        debits[Code.OUTPUT_VAT, letter] += part.vat_cents
    lines: list[DraftLine] = [
        (code, cents, letter) for (code, letter), cents in debits.items() if cents
    ]
    for tender in tenders:
        if tender.method == Method.CASH:
            assert session is not None  # found before the refund was written
            out = tender.amount_cents + tender.rounding_cents
            lines += [(session.drawer.account_code, -out), (Code.ROUNDING, tender.rounding_cents)]
        elif tender.method == Method.MPESA:
            lines += [
                (Code.REFUNDS_DUE, tender.reversed_cents - tender.amount_cents),
                (Code.RECEIVABLE, -tender.reversed_cents),
            ]
        else:
            lines.append((Code.RECEIVABLE, -tender.amount_cents))
    draft = Draft(
        business=refund.business,
        key=f"refund:{refund.pk}",
        occurred_on=refund.refunded_on,
        description=f"Credit note {refund.number} for receipt {refund.sale.number}",
        source=f"credit note {refund.number}",
        actor=refund.by,
        lines=[line for line in lines if line[1]],
    )
    post_many([draft, *restock], posted_at=now)
