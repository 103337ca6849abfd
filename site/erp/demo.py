"""The demo: one owner, her staff, three businesses with tills and products. Safe to run again."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction

from money.actions.books import load_tax_rates, open_business
from money.chart import Code
from money.models import Business, Membership, Role, TaxClass, TaxPerson, Trade, User
from mpesa.addresses import new_secret
from mpesa.models import Till, TillKind
from shops.actions.goods import set_codes, set_price
from shops.models import Product, Unit

PASSWORD = "karibu-duka"  # noqa: S105 the demo's, refused in production
OWNER = "amina"
CASHIER = "baraka"
BOOKKEEPER = "njeri"

# slug, name, trade, address, phone, till number, store number
BUSINESSES = (
    (
        "maji",
        "Amina Maji Safi",
        Trade.WATER,
        "Kenyatta Rd, Thika",
        "0700 000 301",
        "9900102",
        "9900100",
    ),
    (
        "dobi",
        "Amina Dobi Laundry",
        Trade.LAUNDRY,
        "Moi Ave, Thika",
        "0700 000 302",
        "9900202",
        "9900200",
    ),
    (
        "duka",
        "Amina Duka na Gas",
        Trade.RETAIL,
        "Market St, Thika",
        "0700 000 303",
        "9900302",
        "9900300",
    ),
)

# username, first name, last name, opens the admin, {slug: role}
ALL = ("maji", "dobi", "duka")
PEOPLE: tuple[tuple[str, str, str, bool, dict[str, str]], ...] = (
    (OWNER, "Amina", "Hassan", True, dict.fromkeys(ALL, Role.OWNER)),
    ("otieno", "Peter", "Otieno", True, dict.fromkeys(ALL, Role.MANAGER)),
    (CASHIER, "Baraka", "Mwangi", False, {"duka": Role.CASHIER}),
    ("halima", "Halima", "Abdi", False, {"maji": Role.CASHIER}),
    ("wanjiru", "Grace", "Wanjiru", False, {"dobi": Role.LAUNDRY_ATTENDANT}),
    ("kiprono", "Elijah", "Kiprono", False, {"maji": Role.RIDER, "duka": Role.RIDER}),
    (BOOKKEEPER, "Ann", "Njeri", True, dict.fromkeys(ALL, Role.ACCOUNTANT)),
    ("mutua", "Daniel", "Mutua", True, dict.fromkeys(ALL, Role.AUDITOR)),
)

# From this day on the demo's owner is registered, and its prices hold.
OPENED_ON = date(2024, 1, 1)
OPENED_AT = datetime(2024, 1, 1, 5, tzinfo=UTC)

# What stands on packs.
CODES = {
    "Maize flour 2 kg": ("6161100000377",),
    "Bread 400 g": ("6161100000742",),
    "Milk 500 ml": ("6161100001114",),
    "Cooking oil 1 L": ("6161100001480",),
    "Bar soap": ("6161100001855",),
    "Tea leaves 250 g": ("6161100002227",),
    "Bottle 0.5 L": ("6161100002593",),
    "Bottle 1 L": ("6161100002968",),
}

# Sealed water bears excise duty; millilitres in one piece.
WATER = {
    "Bottle 0.5 L": 500,
    "Bottle 1 L": 1_000,
    "Bottle 1.5 L": 1_500,
    "Bottle 5 L": 5_000,
    "Bottle 10 L": 10_000,
    "Bottle 20 L": 20_000,
    "Carton 24 x 0.5 L": 12_000,
}
_B, _C, _A = TaxClass.STANDARD, TaxClass.ZERO, TaxClass.EXEMPT
_REFILL, _SEALED = Code.SALES_WATER_REFILL, Code.SALES_WATER_SEALED
_RETAIL, _GAS, _SHELL = Code.SALES_RETAIL, Code.SALES_LPG_GAS, Code.SALES_LPG_SHELLS

# name, shillings per unit, tax class, sales account, unit
PRODUCTS: dict[str, tuple[tuple[str, int, TaxClass, Code, Unit], ...]] = {
    "maji": (
        ("Refill 5 L", 25, _B, _REFILL, Unit.PIECE),
        ("Refill 10 L", 50, _B, _REFILL, Unit.PIECE),
        ("Refill 20 L", 100, _B, _REFILL, Unit.PIECE),
        ("Refill by litre", 5, _B, _REFILL, Unit.LITRE),
        ("Bottle 0.5 L", 30, _B, _SEALED, Unit.PIECE),
        ("Bottle 1 L", 50, _B, _SEALED, Unit.PIECE),
        ("Bottle 1.5 L", 70, _B, _SEALED, Unit.PIECE),
        ("Bottle 5 L", 150, _B, _SEALED, Unit.PIECE),
        ("Bottle 10 L", 250, _B, _SEALED, Unit.PIECE),
        ("Bottle 20 L", 450, _B, _SEALED, Unit.PIECE),
        ("Carton 24 x 0.5 L", 600, _B, _SEALED, Unit.PIECE),
        ("Delivery in town", 100, _B, Code.SALES_DELIVERY, Unit.PIECE),
    ),
    "dobi": (
        ("Wash and fold", 120, _B, Code.SALES_LAUNDRY, Unit.KG),
        ("Wash and iron", 180, _B, Code.SALES_LAUNDRY, Unit.KG),
        ("Iron only", 80, _B, Code.SALES_LAUNDRY, Unit.KG),
        ("Shirt", 100, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Trousers", 120, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Suit, two pieces", 450, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Dress", 250, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Duvet, small", 400, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Duvet, large", 600, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Blanket", 350, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Curtain pair", 300, _B, Code.SALES_LAUNDRY, Unit.PIECE),
        ("Express surcharge", 200, _B, Code.SALES_LAUNDRY, Unit.PIECE),
    ),
    "duka": (
        ("Maize flour 2 kg", 180, _C, _RETAIL, Unit.PIECE),
        ("Bread 400 g", 65, _C, _RETAIL, Unit.PIECE),
        ("Milk 500 ml", 60, _A, _RETAIL, Unit.PIECE),
        ("Sugar", 150, _B, _RETAIL, Unit.KG),
        ("Rice", 190, _A, _RETAIL, Unit.KG),
        ("Cooking oil 1 L", 320, _B, _RETAIL, Unit.PIECE),
        ("Bar soap", 45, _B, _RETAIL, Unit.PIECE),
        ("Tea leaves 250 g", 130, _B, _RETAIL, Unit.PIECE),
        ("Gas refill 6 kg", 1250, _C, _GAS, Unit.PIECE),
        ("Gas refill 13 kg", 2900, _C, _GAS, Unit.PIECE),
        ("Cylinder 6 kg", 2800, _B, _SHELL, Unit.PIECE),
        ("Burner and grill", 950, _B, _SHELL, Unit.PIECE),
        ("Yoghurt Strawberry 250 ml", 70, _B, _RETAIL, Unit.PIECE),
        ("Yoghurt Vanilla 250 ml", 70, _B, _RETAIL, Unit.PIECE),
        ("Yoghurt Vanilla 500 ml", 130, _B, _RETAIL, Unit.PIECE),
        ("Chai pack", 270, _B, _RETAIL, Unit.PIECE),
    ),
}


def load_demo() -> None:
    """Make sure that the demo is there: what exists stays as it is, step by step."""
    with transaction.atomic():
        load_tax_rates()
        owner, _ = TaxPerson.objects.get_or_create(
            kra_pin="A001234567Z",
            defaults={
                "name": "Amina Hassan",
                "vat_registered_from": OPENED_ON,
                "excise_licensed_from": OPENED_ON,
            },
        )
    for slug, name, trade, address, phone, number, shortcode in BUSINESSES:
        with transaction.atomic():
            business = open_business(
                tax_person=owner, slug=slug, name=name, trade=trade, address=address, phone=phone
            )
            _open_till(business, number, shortcode)
    for username, first, last, is_staff, roles in PEOPLE:
        _hire(username, first, last, is_staff=is_staff, roles=roles.items())
    for business in Business.objects.filter(slug__in=PRODUCTS).order_by("pk"):
        with transaction.atomic():
            _stock_shelves(business, User.objects.get(username=OWNER))


def _open_till(business: Business, number: str, shortcode: str) -> None:
    Till.objects.get_or_create(
        number=number,
        defaults={
            "business": business,
            "kind": TillKind.TILL,
            "shortcode": shortcode,
            "callback_secret": new_secret(),
        },
    )


def _stock_shelves(business: Business, owner: User) -> None:
    here = set(Product.objects.filter(business=business).values_list("name", flat=True))
    for name, shillings, tax_class, account, unit in PRODUCTS[business.slug]:
        if name in here:
            continue
        product = Product.objects.create(
            business=business,
            name=name,
            unit=unit,
            tax_class=tax_class,
            sales_account=account,
            excise_millilitres=WATER.get(name, 0),
        )
        set_price(
            product=product,
            price_cents=shillings * 100,
            from_day=OPENED_ON,
            by=owner,
            now=OPENED_AT,
        )
        set_codes(product=product, codes=CODES.get(name, ()), by=owner)


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def _hire(
    username: str, first: str, last: str, *, is_staff: bool, roles: Iterable[tuple[str, str]]
) -> None:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, first_name=first, last_name=last, is_staff=is_staff)
        # Hashing is slow on purpose: once for all, and not inside a transaction.
        user.password = _hashed()
    with transaction.atomic():
        if user.pk is None:
            user.save()
        businesses = {b.slug: b for b in Business.objects.filter(slug__in=ALL)}
        Membership.objects.bulk_create(
            [Membership(user=user, business=businesses[slug], role=role) for slug, role in roles],
            ignore_conflicts=True,
        )
