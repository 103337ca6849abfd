"""The chart of accounts as data: one set per business, the same codes in each.

Debit is positive and credit negative, so an asset with money in it has a positive balance and a
sale a negative one. Codes ending in a name per location (drawer, till, bank) are opened once per
business here; more are added under them by the owner.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an account is; it decides where it stands in the statements."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


# The first digit of a code says the kind of its account.
FIRST_DIGITS: dict[Kind, str] = {
    Kind.ASSET: "1",
    Kind.LIABILITY: "2",
    Kind.EQUITY: "3",
    Kind.INCOME: "4",
    Kind.EXPENSE: "56",
}


class Code(StrEnum):
    """The accounts that the code itself posts to."""

    CASH_DRAWER = "1000"
    SAFE = "1010"
    PETTY_CASH = "1020"
    MPESA_TILL = "1100"
    BANK = "1200"
    RECEIVABLE = "1300"
    STAFF_ADVANCES = "1310"
    STOCK_RETAIL = "1400"
    INPUT_VAT = "1800"
    SUPPLIERS = "2000"
    PREPAYMENTS = "2120"
    UNIDENTIFIED = "2130"
    REFUNDS_DUE = "2140"
    OUTPUT_VAT = "2200"
    EXCISE_PAYABLE = "2210"
    VAT_DUE = "2220"
    BETWEEN_BUSINESSES = "2900"
    OWNER_CAPITAL = "3000"
    OWNER_DRAWINGS = "3100"
    RETAINED_EARNINGS = "3200"
    OPENING_BALANCES = "3300"
    SALES_WATER_REFILL = "4000"
    SALES_WATER_SEALED = "4010"
    SALES_DELIVERY = "4020"
    SALES_LAUNDRY = "4030"
    SALES_RETAIL = "4040"
    SALES_LPG_GAS = "4050"
    SALES_LPG_SHELLS = "4060"
    SALES_OTHER = "4070"
    DISCOUNTS = "4100"
    SALES_RETURNS = "4110"
    COST_RETAIL = "5040"
    EXCISE = "5070"
    STOCK_LOSSES = "5100"
    MPESA_CHARGES = "6500"
    CASH_OVER_SHORT = "6510"
    ROUNDING = "6520"


@dataclass(frozen=True)
class ChartAccount:
    """One account of the chart: its code, its name and what it is."""

    code: str
    name: str
    kind: Kind


# Money: what the cash flow statement explains.
CASH_CODES = ("1000", "1010", "1020", "1100", "1200")
# What goods that lie somewhere are worth, and what they cost once they are sold.
STOCK_CODES = ("1400", "1410", "1420", "1430", "1500", "1510")
# Beside 1400 of retail goods: the stock that is sold at the cost of an account.
STOCK_OF_COST = {
    "5000": "1420",
    "5010": "1420",
    "5030": "1430",
    "5050": "1410",
    "5060": "1410",
}
COST_CODES = ("5000", "5010", "5020", "5030", "5040", "5050", "5060")


def kind_of(code: str) -> Kind:
    """Return the kind that the first digit of an account code stands for; raises ValueError."""
    for kind, digits in FIRST_DIGITS.items():
        if code[:1] and code[0] in digits:
            return kind
    raise ValueError(f"No account begins like {code!r}: 1 asset, 2 liability, 3 equity, 4 income.")


def parent_of(code: str) -> str:
    """Return "1000" for "1000.1" and for "1000" itself: the account of the chart it is under."""
    return code.partition(".")[0]


def accounts_beside(income_code: str) -> tuple[str, str]:
    """Return the stock account and the cost account that go with the sales of an income account."""
    cost = f"50{parent_of(income_code)[2:]}"
    if cost not in COST_CODES:
        return Code.STOCK_RETAIL, Code.COST_RETAIL
    return STOCK_OF_COST.get(cost, Code.STOCK_RETAIL), cost


def _accounts(kind: Kind, rows: dict[str, str]) -> list[ChartAccount]:
    return [ChartAccount(code, name, kind) for code, name in rows.items()]


CHART: tuple[ChartAccount, ...] = (
    *_accounts(
        Kind.ASSET,
        {
            "1000": "Cash drawer",
            "1010": "Safe and cash in transit to bank",
            "1020": "Petty cash",
            "1100": "M-Pesa till",
            "1200": "Bank",
            "1300": "Customers (receivable)",
            "1310": "Staff advances and cash shortages owed",
            "1400": "Stock: retail goods",
            "1410": "Stock: LPG gas",
            "1420": "Stock: water bottles, caps, seals, excise stamps",
            "1430": "Stock: laundry supplies",
            "1500": "Returnable shells held: LPG cylinders",
            "1510": "Returnable jars, bottles and dispensers held",
            "1600": "Prepayments, licences and rent deposit",
            "1700": "Equipment",
            "1710": "Accumulated depreciation",
            "1800": "Input VAT",
            "1810": "VAT and income tax withheld by customers",
        },
    ),
    *_accounts(
        Kind.LIABILITY,
        {
            "2000": "Suppliers (payable)",
            "2100": "Customer deposits: LPG cylinders",
            "2110": "Customer deposits: jars",
            "2120": "Customer prepayments",
            "2130": "Unidentified M-Pesa receipts",
            "2140": "Refunds and reversals due",
            "2200": "Output VAT",
            "2210": "Excise duty payable: water",
            "2220": "VAT due (settlement)",
            "2300": "PAYE payable",
            "2310": "NSSF payable",
            "2320": "SHIF payable",
            "2330": "Housing levy payable",
            "2340": "HELB payable",
            "2400": "Commission payable",
            "2500": "Wages payable",
            "2600": "Loans",
            "2900": "Due to and from other businesses of the owner",
        },
    ),
    *_accounts(
        Kind.EQUITY,
        {
            "3000": "Owner capital",
            "3100": "Owner drawings",
            "3200": "Retained earnings",
            "3300": "Opening balances",
        },
    ),
    *_accounts(
        Kind.INCOME,
        {
            "4000": "Sales: water refill",
            "4010": "Sales: sealed water",
            "4020": "Sales: delivery",
            "4030": "Sales: laundry",
            "4040": "Sales: retail goods",
            "4050": "Sales: LPG gas",
            "4060": "Sales: LPG shells and accessories",
            "4070": "Sales: other",
            "4100": "Discounts given",
            "4110": "Sales returns",
            "4200": "Deposits forfeited and storage fees",
        },
    ),
    *_accounts(
        Kind.EXPENSE,
        {
            "5000": "Cost of sales: water refill",
            "5010": "Cost of sales: sealed water",
            "5020": "Cost of sales: delivery",
            "5030": "Cost of sales: laundry",
            "5040": "Cost of sales: retail goods",
            "5050": "Cost of sales: LPG gas",
            "5060": "Cost of sales: LPG shells and accessories",
            "5070": "Excise duty on water",
            "5100": "Stock losses, breakage and leakage",
            "6000": "Wages",
            "6010": "Commission",
            "6020": "Rent",
            "6030": "Power",
            "6040": "Water bill",
            "6050": "Detergents and chemicals",
            "6060": "Filters",
            "6070": "Fuel and transport",
            "6080": "Repairs",
            "6090": "Licences and permits",
            "6100": "Airtime and data",
            "6110": "SMS",
            "6120": "Packaging",
            "6130": "Bank charges",
            "6500": "M-Pesa charges",
            "6510": "Cash over and short",
            "6520": "Rounding",
            "6600": "Bad debts",
            "6700": "Depreciation",
            "6900": "Income and turnover tax",
        },
    ),
)
