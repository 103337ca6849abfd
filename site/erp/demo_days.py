"""The demo's year, day by day: what each business sold, bought, paid and owed. Writes nothing.

The same business and day always give the same figures, so that a load which was interrupted goes
on where it stopped and a second one changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from money.calendar import end_of_month
from money.cents import divide_half_up, excise_part, vat_part
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.models import Business, EntryKind, User

STANDARD_BP = 1_600
EXCISE_RATE = 641_000  # cents per 1,000 litres
MONDAY, SUNDAY = 0, 6
# Till charge when money is withdrawn to the bank, in basis points.
TILL_CHARGE_BP = 50


@dataclass(frozen=True, slots=True)
class Ware:
    """What is sold: its accounts, its letter, shillings taken a day, what it costs in percent.

    `millilitres` is the water in a shilling's worth that bears excise duty.
    """

    income: str
    letter: str
    least: int
    most: int
    cost: str
    stock: str
    cost_percent: int
    millilitres: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A business's year: its wares, monthly bills in shillings by account, and what it began with.

    `opening` are shillings by account code, debit positive; the owner's capital is the rest.
    """

    wares: tuple[Ware, ...]
    bills: dict[str, int]
    drawings: int
    opening: dict[str, int]
    depreciation: int


PLANS = {
    "maji": Plan(
        wares=(
            Ware(Code.SALES_WATER_REFILL, "B", 3_500, 6_500, "5000", "1420", 12),
            Ware(Code.SALES_WATER_SEALED, "B", 2_000, 4_500, "5010", "1420", 38, millilitres=20),
            Ware(Code.SALES_DELIVERY, "B", 300, 900, "5020", "1420", 5),
        ),
        bills={"6000": 62_000, "6020": 25_000, "6030": 11_600, "6040": 9_500, "6060": 3_480},
        drawings=6_000,
        opening={"1000": 3_000, "1200": 140_000, "1420": 60_000, "1700": 850_000, "2600": -300_000},
        depreciation=14_000,
    ),
    "dobi": Plan(
        wares=(Ware(Code.SALES_LAUNDRY, "B", 4_500, 9_000, "5030", "1430", 9),),
        bills={"6000": 54_000, "6020": 20_000, "6030": 13_920, "6040": 7_200, "6120": 1_740},
        drawings=5_000,
        opening={"1000": 2_000, "1200": 160_000, "1430": 25_000, "1700": 420_000},
        depreciation=7_000,
    ),
    "duka": Plan(
        wares=(
            Ware(Code.SALES_RETAIL, "B", 8_000, 14_000, "5040", "1400", 80),
            Ware(Code.SALES_RETAIL, "C", 1_500, 3_500, "5040", "1400", 88),
            Ware(Code.SALES_RETAIL, "A", 1_500, 3_000, "5040", "1400", 86),
            Ware(Code.SALES_LPG_GAS, "C", 9_000, 19_000, "5050", "1410", 87),
            Ware(Code.SALES_LPG_SHELLS, "B", 0, 4_000, "5060", "1410", 78),
        ),
        bills={"6000": 48_000, "6020": 30_000, "6030": 6_960, "6070": 8_120, "6100": 1_160},
        drawings=7_000,
        opening={"1000": 5_000, "1200": 260_000, "1400": 320_000, "1410": 240_000, "2000": -90_000},
        depreciation=3_000,
    ),
}
# Bills that come with 16 % input VAT; wages, rent of a small shop and county water do not.
TAXED_BILLS = ("6030", "6060", "6070", "6100", "6120")


class Year:
    """The entries of one business from its first day on, in the order of their days.

    It remembers what its own entries moved since the last Monday and in the month, so that what is
    banked, bought, and owed in VAT follows from what was sold.
    """

    def __init__(self, business: Business, bookkeeper: User) -> None:
        self.business, self.bookkeeper = business, bookkeeper
        # From this day on what is sold and bought is made by the product's own actions.
        self.is_real = False
        self.plan = PLANS[business.slug]
        self.balance: Counter[str] = Counter()
        self.used: Counter[tuple[str, str]] = Counter()
        self.owed: dict[str, int] = {}

    def entries(self, first: date, last: date) -> Iterator[Draft]:
        """Return the drafts from the opening on `first` to the close of `last`."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            for draft in self._of_day(day, is_first=not number):
                for line in draft.lines:
                    self.balance[line[0]] += line[1]
                yield draft

    def real_day(self, day: date, held: Mapping[str, int]) -> list[Draft]:
        """Return what is paid on a day whose sales were real; `held` are the books' balances."""
        self.is_real = True
        self.balance = Counter(held)
        drafts = list(self._of_day(day, is_first=False))
        for draft in drafts:
            for line in draft.lines:
                self.balance[line[0]] += line[1]
        return drafts

    def _of_day(self, day: date, *, is_first: bool) -> Iterator[Draft]:
        if is_first:
            yield self._opening(day)
        if day.weekday() == MONDAY and not is_first:
            yield from self._week(day)
        rests = self.business.trade == "laundry" and day.weekday() == SUNDAY
        if not rests and not self.is_real:
            yield from self._sales(day)
        if day.day == 20:  # noqa: PLR2004 the day on which VAT and excise are due
            yield from self._taxes(day)
        if day.day == 25:  # noqa: PLR2004 pay day
            yield from self._bills(day)
        if day == end_of_month(day):
            yield from self._month(day)

    def _opening(self, day: date) -> Draft:
        lines: list[DraftLine] = [(code, kes * 100) for code, kes in self.plan.opening.items()]
        lines.append((Code.OWNER_CAPITAL, -sum(line[1] for line in lines)))
        return self._entry(day, "opening", "Opening balances", lines, kind=EntryKind.OPENING)

    def _sales(self, day: date) -> Iterator[Draft]:
        """Sell the day's wares, some for cash and some by M-Pesa, and book what they cost."""
        chance = Random(f"{self.business.slug} {day}")  # noqa: S311 figures of a demo, no secrets
        total = 0
        taken: list[DraftLine] = []
        costs: list[DraftLine] = []
        for ware in self.plan.wares:
            gross = chance.randint(ware.least, ware.most) * 100
            vat = vat_part(gross, STANDARD_BP) if ware.letter == "B" else 0
            if not gross:
                continue
            total += gross
            taken += [(ware.income, vat - gross, ware.letter), (Code.OUTPUT_VAT, -vat, ware.letter)]
            cost = (gross - vat) * ware.cost_percent // 100
            costs += [(ware.cost, cost), (ware.stock, -cost)]
            self.used[ware.stock, ware.letter] += cost
            duty = excise_part(gross // 100 * ware.millilitres, EXCISE_RATE)
            taken += [(Code.EXCISE, duty), (Code.EXCISE_PAYABLE, -duty)]
        mpesa = total * chance.randint(45, 70) // 10_000 * 100
        lines: list[DraftLine] = [
            (Code.MPESA_TILL, mpesa),
            (Code.CASH_DRAWER, total - mpesa),
            *taken,
        ]
        yield self._entry(day, "sales", f"Sales of {day:%-d %b}", [li for li in lines if li[1]])
        yield self._entry(day, "cost", f"Cost of sales of {day:%-d %b}", [c for c in costs if c[1]])

    def _week(self, day: date) -> Iterator[Draft]:
        """Draw, bank what is in drawer and till, restock what was used, pay last week's goods."""
        drawings = self.plan.drawings * 100
        payer = Code.BANK if self.is_real else Code.CASH_DRAWER
        yield self._draft(
            day, "drawings", "Owner's drawings", (Code.OWNER_DRAWINGS, drawings), payer
        )
        cash = self.balance[Code.CASH_DRAWER] - drawings - 200_000
        if cash > 0 and not self.is_real:
            yield self._draft(day, "cash", "Cash banked", (Code.BANK, cash), Code.CASH_DRAWER)
        if (till := self.balance[Code.MPESA_TILL]) > 0:
            charge = divide_half_up(till * TILL_CHARGE_BP, 10_000)
            lines = [(Code.BANK, till - charge), ("6500", charge), (Code.MPESA_TILL, -till)]
            yield self._entry(day, "till", "Till withdrawn to the bank", lines)
        if (owed := -self.balance[Code.SUPPLIERS]) > 0:
            yield self._draft(day, "suppliers", "Suppliers paid", (Code.SUPPLIERS, owed), Code.BANK)
        # The first day may have been one of rest.
        if any(self.used.values()) and not self.is_real:
            yield self._restock(day)

    def _restock(self, day: date) -> Draft:
        lines: list[DraftLine] = []
        for (stock, letter), cost in sorted(self.used.items()):
            vat = divide_half_up(cost * STANDARD_BP, 10_000) if letter == "B" else 0
            lines += [(stock, cost, letter), (Code.INPUT_VAT, vat, letter)]
        self.used.clear()
        lines.append((Code.SUPPLIERS, -sum(line[1] for line in lines)))
        return self._entry(day, "goods", "Goods bought on credit", [li for li in lines if li[1]])

    def _taxes(self, day: date) -> Iterator[Draft]:
        """Pay what was owed when the last month ended."""
        for code, name in ((Code.VAT_DUE, "VAT"), (Code.EXCISE_PAYABLE, "Excise duty")):
            if (cents := self.owed.pop(code, 0)) > 0:
                yield self._draft(day, code, f"{name} of last month paid", (code, cents), Code.BANK)

    def _bills(self, day: date) -> Iterator[Draft]:
        for code, kes in self.plan.bills.items():
            gross = kes * 100
            vat = vat_part(gross, STANDARD_BP) if code in TAXED_BILLS else 0
            letter = "B" if vat else ""
            lines: list[DraftLine] = [(code, gross - vat, letter), (Code.BANK, -gross)]
            if vat:
                lines.append((Code.INPUT_VAT, vat, letter))
            yield self._entry(day, code, "Monthly bill", lines)

    def _month(self, day: date) -> Iterator[Draft]:
        wear = self.plan.depreciation * 100
        yield self._entry(
            day,
            "wear",
            "Depreciation of the month",
            [("6700", wear), ("1710", -wear)],
            kind=EntryKind.ADJUSTMENT,
        )
        owed, paid = -self.balance[Code.OUTPUT_VAT], self.balance[Code.INPUT_VAT]
        # What is over in one month is set off against the next.
        self.owed[Code.VAT_DUE] = owed - paid - self.balance[Code.VAT_DUE]
        self.owed[Code.EXCISE_PAYABLE] = -self.balance[Code.EXCISE_PAYABLE]
        lines = [
            (Code.OUTPUT_VAT, owed),
            (Code.INPUT_VAT, -paid),
            (Code.VAT_DUE, paid - owed),
        ]
        if settled := [line for line in lines if line[1]]:
            yield self._entry(day, "settle", f"VAT of {day:%B %Y} settled", settled)

    def _draft(
        self, day: date, what: str, description: str, debit: tuple[str, int], credit: str
    ) -> Draft:
        return self._entry(day, what, description, [debit, (credit, -debit[1])])

    def _entry(
        self,
        day: date,
        what: str,
        description: str,
        lines: Sequence[DraftLine],
        *,
        kind: str = EntryKind.FACT,
    ) -> Draft:
        return Draft(
            business=self.business,
            key=f"demo:{self.business.slug}:{day}:{what}",
            occurred_on=day,
            description=description,
            lines=lines,
            source="demo",
            actor=self.bookkeeper,
            kind=kind,
        )
