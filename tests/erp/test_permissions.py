"""Every address of the staff's floor, for every role: who gets in, who is refused, what is shown.

A new address needs a row in ROWS, or the first test fails and says what to write. A row names by
letters who may GET and who may POST: O owner, M manager, C cashier, L laundry attendant, R rider,
A accountant, U auditor. Everybody else is refused, and so are strangers, the signed out and the
owner of another business. `pin` says whether a session that a PIN began gets in, as its person
would. Where the action itself refuses, `form` is what somebody allowed would send.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve, reverse

from money.access import OPENS_ADMIN
from money.actions.papers import Paper
from money.models import Device, Role, User
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.credit import add_customer
from shops.actions.drawers import add_drawer, close_session, open_session
from shops.actions.inbox import match_to_sale
from shops.actions.purchases import add_supplier
from shops.actions.refunds import Return, refund_sale
from shops.models import FloatSource, HeldCart, Refund, Sale
from tests import make
from tests.make import NOW, TODAY
from tests.once import made_once, taken_back

# Counting branches here would cost half as much again, and others reach them.
pytestmark = [pytest.mark.django_db, pytest.mark.no_cover]

LETTERS: dict[str, Role] = {
    "O": Role.OWNER,
    "M": Role.MANAGER,
    "C": Role.CASHIER,
    "L": Role.LAUNDRY_ATTENDANT,
    "R": Role.RIDER,
    "A": Role.ACCOUNTANT,
    "U": Role.AUDITOR,
}
ALL, SELLERS = "OMCLRAU", "OMCLR"
PIN = "2580"
KEY = "0123456789abcdef"
YESTERDAY = TODAY - timedelta(days=1)


@dataclass(frozen=True)
class Row:
    get: str = ""
    post: str = ""
    pin: bool = True
    form: Mapping[str, str] = field(default_factory=dict)


ROWS: dict[str, Row] = {
    "shops:counter": Row(get=SELLERS),
    "shops:sell": Row(post=SELLERS),
    "shops:sale": Row(get=SELLERS),
    "shops:state": Row(get=SELLERS),
    "shops:cash": Row(post=SELLERS),
    "shops:mpesa": Row(post=SELLERS),
    "shops:credit": Row(post=SELLERS),
    "shops:refund": Row(get="OMC", post="OMC"),
    "shops:credit_note": Row(get=ALL),
    "shops:payout": Row(post="OM"),
    "shops:customers": Row(get=ALL),
    "shops:customer": Row(get=ALL),
    "shops:forget": Row(post="O"),
    "shops:add_customer": Row(post=SELLERS),
    "shops:credit_limit": Row(post="OM"),
    "shops:pay_debt": Row(post=SELLERS),
    "shops:check": Row(post=SELLERS),
    "shops:cancel": Row(post=SELLERS),
    "shops:receipt": Row(get=SELLERS),
    "shops:print": Row(post=SELLERS),
    "shops:printed": Row(get=SELLERS),
    "shops:held": Row(get=SELLERS),
    "shops:hold": Row(post=SELLERS),
    "shops:take": Row(post=SELLERS),
    "shops:unpaid": Row(get=SELLERS),
    "inbox:inbox": Row(get=SELLERS),
    "inbox:match": Row(post=SELLERS),
    "inbox:debt": Row(post=SELLERS),
    "inbox:aside": Row(post="OM", form={"as": "credit", "key": KEY, "note": "Comes back"}),
    "inbox:undo": Row(post="OM", form={"reason": "It was another sale"}),
    "cash:cash": Row(get=ALL),
    "cash:bank": Row(post="OM"),
    "cash:drawer": Row(post="O"),
    "cash:open": Row(get=SELLERS, post=SELLERS),
    "cash:here": Row(post=SELLERS),
    "cash:count": Row(get=SELLERS, post=SELLERS),
    "cash:move": Row(post=SELLERS),
    "cash:paper": Row(get=ALL),
    # Whoever closed a session sees its report too; this one was closed by another owner.
    "cash:z": Row(get="OMAU"),
    "cash:note": Row(post="OM"),
    "cash:correct": Row(post="OM"),
    "stock:stock": Row(get="OMCAU"),
    "stock:uncounted": Row(get="OM"),
    "stock:item": Row(get="OMCAU", post="OM"),
    "stock:opening": Row(post="OM"),
    "stock:counts": Row(get="OMCAU", post="OM"),
    "stock:count": Row(get="OMCAU", post="OMC"),
    "stock:count_line": Row(post="OMC"),
    "stock:count_more": Row(post="OM"),
    "stock:count_close": Row(get="OM", post="OM"),
    "stock:count_sheet": Row(get="OMCAU"),
    "stock:places": Row(get="OMAU", post="OM"),
    "stock:move": Row(get="OM", post="OM"),
    "stock:purchase": Row(get="OMAU", post="OM"),
    "stock:recipes": Row(get="OMCAU"),
    "stock:recipe": Row(get="OM", post="OM"),
    "stock:find_recipe": Row(get="OM"),
    "stock:families": Row(get="OMCAU", post="OM"),
    "stock:batches": Row(get="OMCAU"),
    "stock:item_batches": Row(get="OMCAU", post="OM"),
    "stock:name_batch": Row(post="OM"),
    "stock:release_batch": Row(post="OM"),
    "stock:write_off_batch": Row(post="OM"),
    "stock:losses": Row(get="OMAU", post="OM"),
    "stock:receive": Row(get="OM", post="OM"),
    "stock:suppliers": Row(get="OMAU", post="OM"),
    "stock:supplier": Row(get="OMAU", post="OM"),
    "people:people": Row(get=ALL, pin=False),
    "people:pin": Row(post=SELLERS, pin=False),
    "people:device": Row(post="OM", pin=False),
    "people:revoke": Row(post="O", pin=False),
    "people:clear": Row(post="O", pin=False),
    "people:new": Row(get="O", post="O", pin=False),
    "people:take_on": Row(post="O", pin=False),
    "people:limits": Row(get="O", post="O", pin=False),
    "people:person": Row(get="O", pin=False),
    "people:roles": Row(post="O", pin=False),
    "people:details": Row(post="O", pin=False),
    "people:password": Row(post="O", pin=False),
    "people:left": Row(post="O", pin=False),
}
# How one gets in and out, without a business in the address: tests/erp/test_by_pin.py.
DOORS = {"people:switch", "people:lock", "people:alive"}


# The addresses


@cache
def floor() -> dict[str, list[str]]:
    """Return the name of each address whose view lies in `shops`, with what it is made of."""
    found: dict[str, list[str]] = {}

    def walk(resolver: URLResolver, spaces: tuple[str, ...], above: tuple[str, ...]) -> None:
        for one in resolver.url_patterns:
            names = (*above, *one.pattern.converters)
            if isinstance(one, URLResolver):
                walk(one, (*spaces, one.namespace) if one.namespace else spaces, names)
            elif isinstance(one, URLPattern) and one.callback.__module__.startswith("shops."):
                found[":".join([*spaces, one.name or f"nameless {one.pattern}"])] = list(names)

    walk(get_resolver(), (), ())
    return found


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    missing = sorted(set(floor()) - set(ROWS) - DOORS)
    gone = sorted((set(ROWS) | DOORS) - set(floor()))

    assert missing == [], (
        f"{missing[0]} has no row. Say in ROWS of {__name__} who may GET and POST it, such as"
        f' "{missing[0]}": Row(get="{SELLERS}", post="OM"). The letters stand at the top of the'
        " module. If its address has a number of a new kind, put one into `ids` of a World."
    )
    assert gone == [], f"{gone} is no address any more: take its row out of ROWS."


# The world


class World:
    """A business with one of everything that an address may name."""

    def __init__(self, slug: str, number: int) -> None:
        self.business = make.a_business(slug=slug)
        self.slug = slug
        self.owner = make.with_a_pin(f"owner-of-{slug}", PIN, **{slug: Role.OWNER})
        self.person = make.with_a_pin(f"person-of-{slug}", PIN, **{slug: Role.CASHIER})
        product = make.a_product(self.business, name="Unga")
        till = make.a_till(self.business, number=f"990030{number}", shortcode=f"99003{number}0")
        session = make.a_session(self.business, shillings=5_000)
        self.sale = make.a_sale(self.business, product=product)
        cents = self.sale.total_cents
        payments = [
            make.a_payment(till, receipt=f"UKM5A1B{number}C{n}", amount_cents=cents)
            for n in range(3)
        ]
        matched, paid = (make.a_sale(self.business, product=product) for _ in range(2))
        for payment, sale in ((payments[0], matched), (payments[2], paid)):
            match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key=KEY, by=self.owner, now=NOW)
        customer = add_customer(
            business=self.business, name="Chebet", phone="", by=self.owner, now=NOW
        )
        supplier = add_supplier(
            business=self.business, name="Mill", kra_pin="", phone="", by=self.owner
        )
        refund = self._a_refund(matched)
        item = make.counted(make.a_product(self.business, name="Sugar"))
        count = make.a_count(self.business)
        milk = make.in_batches(make.counted(make.a_product(self.business, name="Milk")))
        batch = make.a_delivery(milk, 2_000, 200, code="M1", before=YESTERDAY)
        device = Device.objects.create(
            business=self.business,
            name="Counter 9",
            token_digest=f"{number}" * 64,
            made_by=self.owner,
            made_at=NOW,
        )
        self.ids: dict[str, object] = {
            "slug": slug,
            "sale_id": self.sale.pk,
            "payment_id": payments[1].pk,
            "allocation_id": payments[0].allocations.get().pk,
            "drawer_id": session.drawer_id,
            "session_id": session.pk,
            "move_id": self._a_move(session.pk),
            "z_number": self._a_z(),
            "user_id": self.person.pk,
            "device_id": device.pk,
            "product_id": product.pk,
            "customer_id": customer.pk,
            "supplier_id": supplier.pk,
            "number": refund.number,
            "item_id": milk.pk,
            "batch_id": batch.pk,
            "level_id": batch.levels.get().pk,
            "count_id": count.pk,
            "line_id": count.lines.get().pk,
            "purchase_id": make.a_purchase(supplier, make.bought(item, 1_000, 100)).pk,
            "cart_id": self._a_held_cart(),
            "tender_id": refund.tenders.get().pk,
        }

        # Whose pages show other buttons: a sale that is paid, one that was given back.
        self.also: list[dict[str, object]] = [{"sale_id": paid.pk}, {"sale_id": matched.pk}]

    def _a_held_cart(self) -> int:
        return HeldCart.objects.create(
            business=self.business,
            key=f"held-of-{self.slug}",
            name="Njeri",
            cart={"lines": []},
            total_cents=0,
            held_by=self.owner,
            held_at=NOW,
        ).pk

    def _a_move(self, session_id: int) -> int:
        picture = Paper(name="slip.png", content_type="image/png", content=b"\x89PNG\r\n\x1a\n")
        wish = Wish(
            key=f"move-of-{self.slug}",
            kind="out",
            reason="fuel",
            cents=10_000,
            note="Petrol",
            paper=picture,
        )
        move = move_cash(
            session_id=session_id, business=self.business, wish=wish, by=self.owner, now=NOW
        )
        return move.pk

    def _a_refund(self, sale: Sale) -> Refund:
        wish = Return(
            key=f"refund-of-{self.slug}",
            lines={sale.lines.get().pk: 1_000},
            reason="Torn",
            is_restocked=False,
        )
        return refund_sale(sale_id=sale.pk, wish=wish, by=self.owner, now=NOW)

    def _a_z(self) -> int:
        drawer = add_drawer(business=self.business, name="Second")
        session = open_session(
            drawer_id=drawer.pk,
            business=self.business,
            key=f"second-of-{self.slug}",
            counts={"100": 1},
            source=FloatSource.LEFT,
            by=self.owner,
            now=NOW,
        )
        closed = close_session(
            session_id=session.pk,
            business=self.business,
            counts={"50": 1},
            left_cents=None,
            by=self.owner,
            now=NOW,
        )
        assert closed.z_number
        return closed.z_number

    def address(self, name: str, **other: object) -> str:
        """Return the address `name` of what this world has."""
        needed = floor()[name]
        unknown = [one for one in needed if one not in self.ids]
        assert not unknown, f"{name} needs {unknown}: put one into `ids` of a World."
        return reverse(name, kwargs={one: (self.ids | other)[one] for one in needed})


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, World]]:
    """Make two businesses once: what a test changes in them is taken back after it."""
    with made_once(django_db_blocker):
        with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
            both = {slug: World(slug, number) for number, slug in enumerate(("duka", "maji"), 1)}
        yield both


@pytest.fixture
def duka(worlds: dict[str, World], db: None) -> World:
    return worlds["duka"]


@pytest.fixture
def maji(worlds: dict[str, World], db: None) -> World:
    return worlds["maji"]


def as_role(world: World, role: Role) -> Client:
    user = make.a_user(f"a-{role}", **{world.slug: role})
    User.objects.filter(pk=user.pk).update(is_staff=role in OPENS_ADMIN)
    return signed_in(user)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_pin(world: World) -> Client:
    """A tablet on which the owner has typed a PIN."""
    client = signed_in(world.owner)
    client.post(f"/people/{world.slug}/device", {"name": "Tablet"})
    client.post("/people/switch", {"who": world.owner.pk, "pin": PIN})
    assert "by_pin" in client.session
    return client


# Who gets in


def ask(
    client: Client, method: str, address: str, form: Mapping[str, str]
) -> tuple[str, list[str]]:
    """Return what became of a request, and what it wrote; whatever that was is taken back."""
    with taken_back(), CaptureQueriesContext(connection) as queries:
        response = getattr(client, method)(address, dict(form) if method == "post" else {})
        transaction.set_rollback(True)
    words = ("INSERT", "UPDATE", "DELETE")
    wrote = [
        query["sql"][:120]
        for query in queries.captured_queries
        if query["sql"].startswith(words) and "django_session" not in query["sql"]
    ]
    return said(response), wrote


def said(response: Any) -> str:
    """Return "in", "refused" (or 422, by a sentence), "no such method", "to sign in"."""
    status = response.status_code
    if status in {301, 302} and response["Location"].startswith("/login"):
        return "to sign in"
    kinds = {403: "refused", 404: "refused", 405: "no such method", 422: "422"}
    return kinds.get(status, "in" if status < 400 else str(status))


def wrong(
    client: Client, who: str, name: str, address: str, *, may_get: bool, may_post: bool
) -> list[str]:
    """Return a sentence for each method that does not end as ROWS says."""
    row, sentences = ROWS[name], []
    for method, may, is_any in (("get", may_get, row.get), ("post", may_post, row.post)):
        form = row.form if method == "post" else {}
        found, wrote = ask(client, method, address, form)
        good = {"in"} if form or method == "get" else {"in", "422"}
        bad = {"refused", "to sign in"} | ({"422"} if form else set())
        if may and found not in good:
            sentences.append(f"{who} may {method.upper()} {address}, and it said: {found}")
        if not may and (found not in bad | (set() if is_any else {"no such method"}) or wrote):
            sentences.append(
                f"{who} may not {method.upper()} {address}, and it said: {found}, wrote: {wrote}"
            )
    return sentences


@pytest.mark.parametrize("name", ROWS)
def test_each_role_gets_in_where_its_letter_stands(duka: World, name: str) -> None:
    row, address = ROWS[name], duka.address(name)

    found = [
        sentence
        for letter, role in LETTERS.items()
        for sentence in wrong(
            as_role(duka, role),
            role,
            name,
            address,
            may_get=letter in row.get,
            may_post=letter in row.post,
        )
    ]

    assert found == []


@pytest.mark.parametrize("name", ROWS)
def test_a_pin_gets_in_where_it_may(duka: World, name: str) -> None:
    row = ROWS[name]

    found = wrong(
        by_pin(duka),
        "the owner by PIN",
        name,
        duka.address(name),
        may_get=row.pin and "O" in row.get,
        may_post=row.pin and "O" in row.post,
    )

    assert found == []


@pytest.mark.parametrize("name", ROWS)
def test_others_are_refused_everywhere(duka: World, maji: World, name: str) -> None:
    others = {
        "a stranger": signed_in(make.chebet()),
        "the signed out": Client(),
        "another owner": signed_in(maji.owner),
        "another owner by PIN": by_pin(maji),
    }

    found = [
        sentence
        for who, client in others.items()
        for sentence in wrong(client, who, name, duka.address(name), may_get=False, may_post=False)
    ]

    assert found == []


# Numbers of Z reports and credit notes are each business's own, from 1.
OWN_NUMBERS = {"slug", "z_number", "number"}
OF_OTHERS = [name for name, parts in floor().items() if set(parts) - OWN_NUMBERS]


@pytest.mark.parametrize("name", OF_OTHERS)
def test_what_another_business_has_is_not_found_in_this_one(
    duka: World, maji: World, name: str
) -> None:
    address = maji.address(name, slug="duka")
    client, row = signed_in(duka.owner), ROWS.get(name, Row())

    for method in ("get", "post"):
        found, wrote = ask(client, method, address, row.form)
        # An action may say in a sentence that there is no such thing here.
        assert found in {"refused", "no such method", "422"}, f"{method} {address}"
        assert wrote == []


# What is shown


class Leads(HTMLParser):
    """Collects where a page's links, forms and htmx lead, as (method, address)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._form = ("get", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._add("get", of.get("href", ""))
        if tag == "form":
            self._add(of.get("method", "get").lower(), of.get("action", ""))
        for name, method in (("hx-get", "get"), ("hx-post", "post"), ("formaction", "post")):
            self._add(method, of.get(name, ""))

    def _add(self, method: str, address: str) -> None:
        path = re.sub(r"[?#].*", "", address)
        if path.startswith("/"):
            self.found.add((method, path))


def leads_of(client: Client, address: str) -> set[tuple[str, str]]:
    response = client.get(address, follow=True)
    reader = Leads()
    if response.headers.get("Content-Type", "").startswith("text/html"):
        reader.feed(response.content.decode())
    return reader.found


def refused_leads(client: Client, letter: str, pages: list[str], *, is_by_pin: bool) -> list[str]:
    """Return each link or button on the pages that the person would press in vain."""
    found = {(lead, page) for page in pages for lead in leads_of(client, page)}
    looked: dict[tuple[str, str], bool] = {}
    for lead, _ in found:
        looked.setdefault(lead, _opens(client, letter, *lead, is_by_pin=is_by_pin))
    return sorted(
        f"{page} shows {lead[0].upper()} {lead[1]}" for lead, page in found if not looked[lead]
    )


def _opens(client: Client, letter: str, method: str, path: str, *, is_by_pin: bool) -> bool:
    try:
        name = resolve(path).view_name
    except Resolver404:
        return path.startswith(("/static/", "/media/"))
    if row := ROWS.get(name):
        return letter in getattr(row, method) and (row.pin or not is_by_pin)
    # Of another floor, or a door: a link has to open. Buttons there, and what the admin's own
    # front page lists, are that floor's own tests'.
    if method == "post" or name.startswith("admin:"):
        return True
    return said(client.get(path)) in {"in", "no such method"}


@pytest.mark.parametrize("letter", [*LETTERS, "PIN"])
def test_what_is_refused_is_not_shown(duka: World, letter: str) -> None:
    is_by_pin = letter == "PIN"
    client = by_pin(duka) if is_by_pin else as_role(duka, LETTERS[letter])
    letter = "O" if is_by_pin else letter
    pages = {
        duka.address(name, **other)
        for name, row in ROWS.items()
        for other in ({}, *duka.also)
        if letter in row.get and (row.pin or not is_by_pin)
    }

    assert refused_leads(client, letter, ["/", *sorted(pages)], is_by_pin=is_by_pin) == []


def test_a_link_that_is_refused_would_be_seen(duka: World) -> None:
    """The test above can fail: the owner's pages, pressed by a cashier."""
    owner = signed_in(duka.owner)

    found = refused_leads(owner, "C", [duka.address("people:people")], is_by_pin=False)

    assert f"/people/duka/ shows GET {duka.address('people:new')}" in found
