"""What comes back of a receipt, and which way its money goes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from money.cents import divide_half_up

# What is owed is taken off first; then each way is used up to what came by it.
ORDER = ("credit", "cash", "mpesa")


class BadRefund(ValueError):
    """That cannot be taken back; the message is a sentence for the cashier."""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was sold, less what came back of it before. Thousandths and cents."""

    pk: int
    name: str
    quantity_milli: int
    amount_cents: int
    vat_cents: int
    back_milli: int = 0
    back_cents: int = 0
    back_vat_cents: int = 0

    @property
    def left_milli(self) -> int:
        return self.quantity_milli - self.back_milli

    def part_of(self, milli: int) -> tuple[int, int]:
        """Return (cents, VAT of them) of so much of the line.

        Rounded is what came back in all, so that the parts re-add: three thirds of KES 1 are 0.33,
        0.34 and 0.33. Raises BadRefund for more than is left.
        """
        if not 0 < milli <= self.left_milli:
            raise BadRefund(f"Of {self.name} there is less left on this receipt than that.")
        in_all = divide_half_up(self.amount_cents * (self.back_milli + milli), self.quantity_milli)
        vat_in_all = divide_half_up(self.vat_cents * in_all, self.amount_cents)
        return in_all - self.back_cents, vat_in_all - self.back_vat_cents


def ways_back(
    total_cents: int, came_cents: Mapping[str, int], first: str = ""
) -> list[tuple[str, int]]:
    """Return (method, cents) by which a refund goes back: the way it came, `first` before others.

    `came_cents` are what came by each method less what went back by it. Raises BadRefund where
    less came than is to go back.
    """
    order: Sequence[str] = sorted(ORDER, key=lambda way: (way != first, ORDER.index(way)))
    left, ways = total_cents, []
    for way in order:
        cents = min(left, came_cents.get(way, 0))
        if cents > 0:
            ways.append((way, cents))
            left -= cents
    if left:
        raise BadRefund("Less was paid on this receipt than would go back.")
    return ways
