"""What a payment costs the business. Published figures differ: these are the simulator's own."""

# Customer Bouquet of a paybill: up to so many shillings, so many shillings.
BANDS = (
    (100, 0),
    (500, 5),
    (1_000, 10),
    (1_500, 15),
    (2_500, 20),
    (3_500, 25),
    (5_000, 34),
    (7_500, 45),
    (10_000, 55),
    (15_000, 70),
    (20_000, 90),
    (25_000, 100),
    (35_000, 120),
    (50_000, 150),
    (70_000, 180),
)
ABOVE_BANDS = 250
FREE_CENTS = 20_000
# 0.55 %, in ten-thousandths.
PERCENT = 55


def charge_cents(tariff: str, cents: int) -> int:
    """Return the charge in cents on a payment in cents, by a value of the `charges` knob."""
    if tariff == "bands":
        shillings = next((fee for most, fee in BANDS if cents <= most * 100), ABOVE_BANDS)
        return shillings * 100
    if tariff == "percent" and cents > FREE_CENTS:
        return cents * PERCENT // 10_000
    return 0
