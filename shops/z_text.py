"""The Z report of a closed session as plain text, for a mail or a printer. Pure but for reads."""

from django.utils import timezone

from money.cents import format_shillings
from shops.models import CashSession, FloatSource

WIDTH = 46
_FROM: dict[str, str] = {
    FloatSource.LEFT: "against what was left",
    FloatSource.SAFE: "of it from the safe",
    FloatSource.OWNER: "of it from the owner",
}


def text_of_z(session: CashSession) -> str:
    """Return the report, with what was known of it when it was closed."""
    figures = session.figures or {}
    lines = [
        session.business.name,
        f"PIN {session.business.tax_person.kra_pin}",
        f"Z REPORT {session.z_number}",
        f"Day {session.day:%A, %-d %B %Y}, {session.drawer}",
        f"Opened {_when(session.opened_at)} by {name_of(session.opened_by)}",
        f"Closed {_when(session.closed_at)} by {name_of(session.closed_by)}",
        "",
        "KES",
        _row(f"Sales ({figures.get('sales', 0)})", figures.get("sales_cents", 0)),
        _row("VAT in it", figures.get("vat_cents", 0)),
        _row(f"Cash ({figures.get('cash', 0)})", figures.get("cash_cents", 0)),
        _row(f"M-Pesa ({figures.get('mpesa', 0)})", figures.get("mpesa_cents", 0)),
        _row(f"On credit ({figures.get('credit', 0)})", figures.get("credit_cents", 0)),
        _row("Discounts given", figures.get("discount_cents", 0)),
        _row("Sold below the price", figures.get("below_cents", 0)),
        "",
        *_float(session),
        _row("Cash taken", figures.get("cash_cents", 0)),
        _row("Customers paid of debts", figures.get("received_cents", 0)),
        _row("Given back", -figures.get("given_back_cents", 0)),
        _row("Paid in", figures.get("paid_in_cents", 0)),
        _row("Paid out", -figures.get("paid_out_cents", 0)),
        _row("To the safe", -figures.get("dropped_cents", 0)),
        _row("To the bank", -figures.get("banked_cents", 0)),
        _row("Other entries in the books", session.other_cents or 0),
        _row("EXPECTED", session.expected_cents or 0),
        *_count(session),
    ]
    return "\n".join(lines) + "\n"


def verdict_of(session: CashSession) -> str:
    """Return in a few words how float and count ended: "it ties", "KES 200 short"."""
    words = "nobody counted" if session.is_uncounted else _off(session.variance_cents or 0)
    if session.float_off_cents:
        words += f", float {_off(session.float_off_cents)}"
    return words


def _off(cents: int) -> str:
    if not cents:
        return "it ties"
    return f"KES {format_shillings(abs(cents))} {'short' if cents < 0 else 'over'}"


def _float(session: CashSession) -> list[str]:
    """Return the float, and what the books said was in the drawer where that was not the same."""
    lines = [_row("Float", session.float_cents)]
    if session.float_change_cents:
        lines.append(_row(f"  {_FROM[session.float_source]}", session.float_change_cents))
    return lines


def _count(session: CashSession) -> list[str]:
    if session.is_uncounted:
        return [
            "",
            "NOBODY COUNTED THIS DRAWER. It was open for so long",
            "that the clock closed it; the next float shows what",
            "was in it. A manager's note is needed.",
        ]
    lines = [
        _row("COUNTED", session.counted_cents or 0),
        _row("OVER/SHORT", session.variance_cents or 0),
        _row("To the safe at the end", -session.closing_drop_cents),
        _row("Left in the drawer", session.left_cents or 0),
    ]
    if session.needs_note:
        lines += [
            "",
            "A difference is above the limit of who counted:",
            "a manager's note is needed.",
        ]
    return lines


def _when(at: object) -> str:
    return f"{timezone.localtime(at):%-d %b %H:%M}"  # type: ignore[arg-type]


def name_of(user: object) -> str:
    """Return what a person is called on paper; nobody is the clock."""
    return getattr(user, "first_name", "") or getattr(user, "username", "the clock")


def _row(name: str, cents: int) -> str:
    figure = format_shillings(cents)
    room = WIDTH - len(figure) - 1
    return f"{name[:room]:<{room}} {figure}"
