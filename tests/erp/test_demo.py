"""The demo: there once however often it is loaded, and never in production."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from erp.demo import load_demo
from money.access import Ability, businesses_for
from money.models import Account, Book, Business, Membership, TaxPerson, TaxRate, User
from mpesa.models import Till
from shops.actions.goods import set_codes
from shops.models import Barcode, Price, Product
from tests import make

pytestmark = pytest.mark.django_db

MODELS = (
    TaxPerson,
    TaxRate,
    Business,
    Book,
    Account,
    Till,
    Product,
    Price,
    Barcode,
    User,
    Membership,
)


def rows() -> dict[str, list[tuple[object, ...]]]:
    return {
        model.__name__: sorted(model._default_manager.values_list(), key=str) for model in MODELS
    }


def test_demo_loaded_twice_is_the_same_demo() -> None:
    load_demo()
    first = rows()

    load_demo()

    assert rows() == first
    assert {name: len(found) for name, found in first.items() if name != "Account"} == {
        "TaxPerson": 1,
        "TaxRate": 7,
        "Business": 3,
        "Book": 3,
        "Till": 3,
        "Product": 40,
        "Price": 40,
        "Barcode": 8,
        "User": 8,
        "Membership": 17,
    }


def test_demo_leaves_what_was_changed_as_it_is() -> None:
    load_demo()
    bread = Product.objects.get(name="Bread 400 g")
    make.a_price(bread, shillings=70, from_day=make.TODAY)
    set_codes(product=bread, codes=["2000000000015"], by=User.objects.get(username="amina"))
    amina = User.objects.get(username="amina")
    amina.set_password("another one")
    amina.save()
    secrets = sorted(Till.objects.values_list("callback_secret", flat=True))

    load_demo()

    assert make.cents(bread) == 7_000
    assert [row.code for row in bread.barcodes.all()] == ["2000000000015"]
    assert User.objects.get(username="amina").check_password("another one")
    assert sorted(Till.objects.values_list("callback_secret", flat=True)) == secrets


def test_demo_tells_how_to_sign_in_and_that_works(client: Client) -> None:
    said = StringIO()

    call_command("demo", days=1, stdout=said)

    assert said.getvalue() == "demo: sign in as amina or baraka, password karibu-duka\n"
    assert client.login(username="amina", password="karibu-duka")
    assert client.login(username="baraka", password="karibu-duka")


def test_demo_is_refused_in_production(settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError) as refusal:
        call_command("demo")

    assert str(refusal.value) == (
        "The demo's passwords are public: it is not loaded in production."
    )
    assert not User.objects.exists()


def test_demo_prices_a_dozen_products_or_more_of_each_business() -> None:
    load_demo()

    products = list(Product.objects.select_related("business"))
    assert Counter(product.business.slug for product in products) == {
        "maji": 12,
        "dobi": 12,
        "duka": 16,
    }
    accounts = set(Account.objects.filter(kind="income").values_list("business_id", "code"))
    assert {(p.business_id, p.sales_account) for p in products} - accounts == set()


def test_demo_gives_each_business_a_till_and_a_secret_of_its_own() -> None:
    load_demo()

    tills = Till.objects.order_by("number").values_list("business__slug", "number", "shortcode")
    assert list(tills) == [
        ("maji", "9900102", "9900100"),
        ("dobi", "9900202", "9900200"),
        ("duka", "9900302", "9900300"),
    ]
    assert sorted(len(till.callback_secret) for till in Till.objects.all()) == [40, 40, 40]


@pytest.mark.parametrize(
    ("username", "sells", "sees"),
    [
        ("amina", ["dobi", "duka", "maji"], ["dobi", "duka", "maji"]),
        ("otieno", ["dobi", "duka", "maji"], []),
        ("baraka", ["duka"], []),
        ("halima", ["maji"], []),
        ("wanjiru", ["dobi"], []),
        ("kiprono", ["duka", "maji"], []),
        ("njeri", [], ["dobi", "duka", "maji"]),
        ("mutua", [], ["dobi", "duka", "maji"]),
    ],
)
def test_demo_shows_staff_their_businesses_only(
    username: str, sells: list[str], sees: list[str]
) -> None:
    load_demo()
    user = User.objects.get(username=username)

    def slugs(ability: Ability) -> list[str]:
        return sorted(business.slug for business in businesses_for(user, ability))

    assert (slugs(Ability.SELL), slugs(Ability.SEE_BOOKS)) == (sells, sees)


def test_demo_makes_no_superuser() -> None:
    load_demo()

    assert not User.objects.filter(is_superuser=True).exists()
