"""The inbox as a browser meets it: who gets in, what it shows, what its buttons do."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.models import Allocation, Payment, RequestState, Source, Till
from shops.actions.settle import match_payment
from shops.models import Sale, SaleState
from shops.queries.inbox import PER_PAGE
from tests import make
from tests.make import NOW

INBOX = "/inbox/duka/"
KEY = "0123456789abcdef"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_owner(client: Client, duka: Business) -> Client:
    client.force_login(make.amina())
    return client


def paid(till: Till, receipt: str = "UKM5A1B2C3", **but: Any) -> Payment:
    """Record a confirmation of KES 180, two minutes after NOW, from a masked phone."""
    payer = PayerFacts(
        phone=but.pop("phone", "2547 ***** 101"),
        name="ALICE",
        account_reference=but.pop("typed", ""),
    )
    facts: dict[str, Any] = {"amount_cents": 18_000, "paid_at": NOW + 2 * MINUTE, "payer": payer}
    seen = Seen(source=Source.CONFIRMATION, till=till, receipt=receipt, **(facts | but))
    record_payment(seen, recorded_at=NOW)
    return Payment.objects.get(receipt=receipt)


def page_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def refusals_in(response: Any) -> list[str]:
    return re.findall(r'<p class="refusal" role="alert">(.*?)</p>', response.content.decode())


def shown(response: Any) -> list[str]:
    return [item.payment.receipt for item in response.context["inbox"].items]


@pytest.mark.parametrize("role", Role.values)
def test_who_sells_sees_the_inbox(client: Client, duka: Business, role: str) -> None:
    client.force_login(make.a_user("person", duka=role))

    status = client.get(INBOX).status_code

    assert status == (404 if role in {Role.ACCOUNTANT, Role.AUDITOR} else 200)


def test_strangers_find_nothing_and_visitors_sign_in(
    client: Client, duka: Business, till: Till
) -> None:
    payment = paid(till)
    make.a_business(slug="maji")
    visitor = client.get(INBOX)
    client.force_login(make.a_user("juma", maji=Role.OWNER))

    assert visitor["Location"].startswith("/login?next=")
    assert client.get(INBOX).status_code == 404
    assert client.post(f"/inbox/duka/{payment.pk}/match").status_code == 404
    assert client.post(f"/inbox/maji/{payment.pk}/match").status_code == 404
    assert client.post(f"/inbox/maji/{payment.pk}/aside").status_code == 404


def test_the_page_says_what_is_known_and_what_it_may_have_been_for(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=RequestState.FAILED)
    paid(till, typed="shoes")

    text = page_of(at_counter.get(INBOX))

    for words in ("KES 180", "UKM5A1B2C3", "ALICE", "2547 ***** 101", "shoes", "12:02"):
        assert words in text
    assert "the phone that was asked, same amount, 2 minutes after it was rung up" in text
    assert f'name="sale" value="{sale.pk}">Match' in text
    assert "Inbox and books agree." in text


def test_a_regular_is_known_by_an_earlier_prompt(
    at_counter: Client, duka: Business, till: Till
) -> None:
    """A hash that says nothing by itself: he paid with it when his phone was asked before."""
    before = make.a_sale(duka)
    request = make.a_request(till, reference=before.reference)
    first = make.a_payment(till, request=request, receipt="UKMBEFORE1")
    record_payment(
        Seen(
            source=Source.CONFIRMATION,
            till=till,
            receipt=first.receipt,
            amount_cents=first.amount_cents,
            paid_at=first.paid_at,
            payer=PayerFacts(phone="unreadable-form-of-a-phone"),
        ),
        recorded_at=NOW,
    )
    match_payment(payment_id=first.pk, now=NOW)
    sale = make.a_sale(duka, milli=500)
    make.a_request(
        till,
        reference=sale.reference,
        state=RequestState.FAILED,
        token="t2",
        checkout_request_id="w2",
    )
    paid(till, phone="unreadable-form-of-a-phone")

    [item] = at_counter.get(INBOX).context["inbox"].items

    assert [(o.sale, o.owed_cents, o.reason) for o in item.offers] == [
        (sale, 9_000, "the phone that was asked, 2 minutes after it was rung up")
    ]


def test_one_press_matches_and_a_second_changes_nothing(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale, payment = make.a_sale(duka), paid(till)
    fields = {"key": KEY, "sale": sale.pk, "q": "180"}

    answers = [at_counter.post(f"/inbox/duka/{payment.pk}/match", fields) for _ in range(2)]

    sale.refresh_from_db()
    assert [a["Location"] for a in answers] == [f"{INBOX}?q=180"] * 2
    assert (sale.state, Allocation.objects.count()) == (SaleState.PAID, 1)
    text = page_of(at_counter.get(INBOX))
    assert "UKM5A1B2C3 is matched to receipt 1." in text
    assert "Every payment is matched." in text


@pytest.mark.parametrize("typed", ["SALE{pk}", "sale {pk}", "Sale:{pk}"])
def test_a_sale_is_named_as_people_do(
    at_counter: Client, duka: Business, till: Till, typed: str
) -> None:
    sale, payment = make.a_sale(duka), paid(till)

    at_counter.post(
        f"/inbox/duka/{payment.pk}/match", {"key": KEY, "named": typed.format(pk=sale.pk)}
    )

    assert Sale.objects.get().state == SaleState.PAID


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"named": "17"}, "Write a receipt&#x27;s number, or a sale such as SALE42."),
        ({"named": "\x00"}, "Write a receipt&#x27;s number, or a sale such as SALE42."),
        ({"named": "SALE" + "9" * 30}, "Write a receipt&#x27;s number, or a sale such as SALE42."),
        ({"sale": "999"}, "Amina duka has no such sale. Look at its receipt or its page."),
        ({"sale": "1", "key": ""}, "This page is incomplete. Reload it, then choose again."),
    ],
)
def test_bad_input_gets_a_sentence_beside_its_payment(
    at_counter: Client, till: Till, fields: dict[str, str], sentence: str
) -> None:
    payment = paid(till)

    response = at_counter.post(f"/inbox/duka/{payment.pk}/match", {"key": KEY} | fields)

    assert (response.status_code, refusals_in(response)) == (422, [sentence])


def test_a_refusal_about_a_payment_that_is_gone_stands_on_top(
    at_counter: Client, duka: Business, till: Till
) -> None:
    first, second, payment = make.a_sale(duka), make.a_sale(duka), paid(till)
    at_counter.post(f"/inbox/duka/{payment.pk}/match", {"key": KEY, "sale": first.pk})

    response = at_counter.post(
        f"/inbox/duka/{payment.pk}/match", {"key": "another-key", "sale": second.pk}
    )

    assert response.status_code == 422
    assert "Nothing is left of" in refusals_in(response)[0]


def test_the_owner_holds_gives_back_and_undoes(as_owner: Client, till: Till) -> None:
    payment = paid(till)
    aside = f"/inbox/duka/{payment.pk}/aside"

    as_owner.post(aside, {"key": "key-number-1", "amount": "80", "as": "credit", "note": "Ahead"})
    as_owner.post(aside, {"key": "key-number-2", "amount": "", "as": "refund"})
    first, second = Allocation.objects.order_by("pk")
    undone = as_owner.post(f"/inbox/duka/matches/{second.pk}/undo", {"reason": "He came back"})

    assert [(a.purpose, a.amount_cents) for a in (first, second)] == [
        ("credit", 8_000),
        ("refund", 10_000),
    ]
    text = page_of(as_owner.get(INBOX))
    assert undone.status_code == 302
    assert "Undone 22 Nov 12:00 by Amina: He came back" in text
    assert "left of KES 180" in text


def test_a_cashier_has_no_such_buttons_and_may_not_press_them(
    at_counter: Client, duka: Business, till: Till
) -> None:
    payment = paid(till)
    make.a_sale(duka)
    at_counter.post(f"/inbox/duka/{payment.pk}/match", {"key": KEY, "sale": Sale.objects.get().pk})
    match, other = Allocation.objects.get(), paid(till, "UKMOTHER01")

    text = page_of(at_counter.get(INBOX))
    answers = [
        at_counter.post(f"/inbox/duka/{other.pk}/aside", {"key": KEY, "as": "credit"}),
        at_counter.post(f"/inbox/duka/matches/{match.pk}/undo", {"reason": "Why not"}),
    ]

    assert "Hold as credit" not in text
    assert "Undo" not in text
    assert [refusals_in(a) for a in answers] == [
        ["Your role does not allow this. Ask the manager or the owner."]
    ] * 2


@pytest.mark.parametrize("amount", ["x", "-5", "1.005"])
def test_an_amount_that_is_none_gets_a_sentence(as_owner: Client, till: Till, amount: str) -> None:
    payment = paid(till)

    response = as_owner.post(
        f"/inbox/duka/{payment.pk}/aside", {"key": KEY, "amount": amount, "as": "refund"}
    )

    assert (response.status_code, len(refusals_in(response))) == (422, 1)
    assert not Allocation.objects.exists()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["UKMTWO0002", "UKMONE0001"]),
        ("one", ["UKMONE0001"]),
        ("250", ["UKMTWO0002"]),
        ("KES 250", ["UKMTWO0002"]),
        ("251", []),
        ("\x00", ["UKMTWO0002", "UKMONE0001"]),
    ],
)
def test_the_filter_knows_receipts_and_amounts(
    at_counter: Client, till: Till, words: str, found: list[str]
) -> None:
    paid(till, "UKMONE0001")
    paid(till, "UKMTWO0002", amount_cents=25_000, paid_at=NOW + 3 * MINUTE)

    assert shown(at_counter.get(INBOX, {"q": words})) == found


def test_a_sale_without_an_answer_leads_to_its_payment(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=RequestState.UNKNOWN)
    paid(till)

    text = page_of(at_counter.get(f"/s/duka/sales/{sale.pk}/"))
    [link] = re.findall(r'<a href="([^"]+)">Pick the payment from the inbox', text)
    response = at_counter.get(link.replace("&amp;", "&"))

    assert shown(response) == ["UKM5A1B2C3"]
    assert f'value="SALE{sale.pk}"' in page_of(response)


def test_a_sale_whose_payment_was_taken_back_says_so(
    as_owner: Client, duka: Business, till: Till
) -> None:
    sale, payment = make.a_sale(duka), paid(till)
    as_owner.post(f"/inbox/duka/{payment.pk}/match", {"key": KEY, "sale": sale.pk})
    match = Allocation.objects.get()
    as_owner.post(f"/inbox/duka/matches/{match.pk}/undo", {"reason": "Another customer's"})
    page = f"/s/duka/sales/{sale.pk}/"

    says = page_of(as_owner.get(page))
    cancelled = as_owner.post(f"{page}cancel")

    assert "The payment was taken back: KES 180 is owed." in says
    assert "Cancel this sale" not in says
    assert cancelled.status_code == 422
    assert "payment taken back" in page_of(as_owner.get("/s/duka/"))
    assert "KES 180 owed" in page_of(as_owner.get(INBOX))
    as_owner.post(f"{page}cash", {"exact": "1"})
    paid_page = page_of(as_owner.get(page))
    assert "KES 180 given for KES 180" in paid_page
    assert "is owed" not in paid_page
    assert "M-Pesa UKM" not in page_of(as_owner.get(f"{page}receipt"))


def test_totals_that_differ_are_red(at_counter: Client, duka: Business, till: Till) -> None:
    paid(till)
    Payment.objects.update(reversed_cents=100)

    text = page_of(at_counter.get(INBOX))

    assert "The inbox and account 2130 differ." in text
    assert "agree" not in text


def test_pages_and_the_number_of_statements_stay_the_same(
    at_counter: Client, duka: Business, till: Till
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            at_counter.get(INBOX)
        return len(queries)

    make.a_sale(duka)
    paid(till)
    few = statements()
    for number in range(PER_PAGE + 5):
        sale = make.a_sale(duka)
        make.a_request(
            till,
            reference=sale.reference,
            state=RequestState.FAILED,
            token=f"t{number}",
            checkout_request_id=f"w{number}",
        )
        paid(till, f"UKMMANY{number:03}", phone=f"2547000001{number:02}")
    many = statements()

    assert (many, few <= 20) == (few, True)
    assert len(shown(at_counter.get(INBOX))) == PER_PAGE
    assert len(shown(at_counter.get(INBOX, {"page": "2"}))) == 6
    assert len(shown(at_counter.get(INBOX, {"page": "no"}))) == PER_PAGE


def test_the_owners_front_page_leads_to_the_inbox(as_owner: Client, till: Till) -> None:
    paid(till)
    paid(till, "UKMOTHER01")

    text = page_of(as_owner.get("/admin/"))

    assert '<a href="/inbox/duka/">2: 360</a>' in text
