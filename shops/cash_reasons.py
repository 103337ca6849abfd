"""Why cash goes into or out of a drawer, and onto which account that is booked. Pure data."""

from dataclasses import dataclass

from money.chart import Code

NOTES = (1000, 500, 200, 100, 50)
COINS = (40, 20, 10, 5, 1)
PIECES = NOTES + COINS
MOST_PIECES = 100_000


class BadCount(ValueError):
    """The count cannot be read; the message is a sentence for who counts."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as the page shows it; its account is the other side of the drawer."""

    code: str
    label: str
    account_code: str


PAY_IN = (
    Reason("from_safe", "Change from the safe", Code.SAFE),
    Reason("owner_in", "The owner put money in", Code.OWNER_CAPITAL),
    Reason("staff_back", "Staff paid back an advance", Code.STAFF_ADVANCES),
    Reason("found", "Found: belongs to an earlier count", Code.CASH_OVER_SHORT),
)
PAY_OUT = (
    Reason("fuel", "Fuel and transport", "6070"),
    Reason("repairs", "Repairs", "6080"),
    Reason("airtime", "Airtime and data", "6100"),
    Reason("packaging", "Packaging", "6120"),
    Reason("power", "Power token", "6030"),
    Reason("water", "Water bill", "6040"),
    Reason("licence", "Licence or permit", "6090"),
    Reason("casual", "Casual wages", "6000"),
    Reason("advance", "Advance to staff", Code.STAFF_ADVANCES),
    Reason("owner_out", "The owner took it", Code.OWNER_DRAWINGS),
)
# Beside the others: it names a supplier, see `shops.actions.supplier_cash`.
TO_SUPPLIER = Reason("supplier", "A supplier, of what is owed", Code.SUPPLIERS)
DROP = (Reason("safe", "Put into the safe", Code.SAFE),)
BANK = (Reason("bank", "Taken to the bank", Code.BANK),)
BY_KIND: dict[str, tuple[Reason, ...]] = {
    "in": PAY_IN,
    "out": (*PAY_OUT, TO_SUPPLIER),
    "drop": DROP,
    "bank": BANK,
}
_CAME_IN = tuple(reason for reason in PAY_IN if reason.code != "found")
_WENT_OUT = (*PAY_OUT, *DROP, *BANK)
# What a difference turns out to have been, the likelier first: cash that went out, or came in, and
# was not written down; or was written down with the wrong figure.
WAS_SHORT = (*_WENT_OUT, *_CAME_IN)
WAS_OVER = (*_CAME_IN, *_WENT_OUT)


def reason_of(reasons: tuple[Reason, ...], code: str) -> Reason | None:
    """Return the reason with this code, None where there is none."""
    return next((reason for reason in reasons if reason.code == code), None)


def counted_cents(counts: dict[str, int]) -> int:
    """Return the cents of {"1000": 2, ...}: pieces by their value in shillings."""
    return sum(int(piece) * number * 100 for piece, number in counts.items())


def read_counts(texts: dict[str, str]) -> dict[str, int]:
    """Return the pieces by value from what was typed; left empty is none. Raises BadCount."""
    counts: dict[str, int] = {}
    for piece in PIECES:
        text = texts.get(str(piece), "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit()) or int(text[:9]) > MOST_PIECES or len(text) > 9:  # noqa: PLR2004
            raise BadCount(f"Of KES {piece}: write how many pieces there are, as 0, 1, 2.")
        if int(text):
            counts[str(piece)] = int(text)
    return counts
