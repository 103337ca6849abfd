"""An owner's pages of the rail."""

import pytest
from django.test import Client

from money.models import Role
from mpesa.models import AccountBalance, InitiatorOrder, Payment, Reversal, ReversalState
from tests.make import NOW, a_business, a_payment, a_user, amina, baraka, chebet
from tests.mpesa.gateway import answer, sample
from tests.mpesa.test_c2b import a_confirmation, take
from tests.mpesa.test_orders import a_matched_payment, a_statement_of_today

PAYMENT = "/payments/UKM5A1B2Z9"


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(shop):
    return signed_in(amina())


def test_the_front_shows_tills_and_what_waits(shop, owner):
    take(shop.till, a_confirmation(TransID="UKM5A1B2Q1", TransAmount="90000.00"))

    page = owner.get("/payments/").content.decode()

    assert "9900302" in page
    assert "UKM5A1B2Q1" in page
    assert "Above KES 20,000: waits until Safaricom confirms it." in page


def test_a_receipt_leads_to_its_payment(shop, owner):
    a_payment(shop.till, receipt="UKM5A1B2Z9")

    assert owner.get("/payments/", {"receipt": " ukm5a1b2z9"})["Location"] == PAYMENT


@pytest.mark.parametrize("typed", ["x", "UKM5A1B2Z9; DROP", "é" * 10])
def test_what_is_no_receipt_is_said(shop, owner, typed):
    page = owner.get("/payments/", {"receipt": typed})

    assert (page.status_code, "A receipt has ten letters" in page.content.decode()) == (200, True)


def test_an_unknown_receipt_may_be_asked_about(shop, owner):
    page = owner.get("/payments/", {"receipt": "UKM5A1B2Z8"}).content.decode()
    assert "Ask Safaricom about UKM5A1B2Z8" in page

    for _ in range(2):
        owner.post("/payments/ask", {"receipt": "UKM5A1B2Z8", "till": "9900302"})

    assert InitiatorOrder.objects.get().receipt == "UKM5A1B2Z8"


def test_a_till_of_another_is_not_asked_about(shop, owner):
    assert owner.post("/payments/ask", {"receipt": "UKM5A1B2Z8", "till": "1"}).status_code == 404


def test_a_tills_balance_is_asked_for_and_shown(shop, owner, settings, monkeypatch):
    monkeypatch.setattr("mpesa.rail._has_initiator", lambda till: True)
    assert "Ask for the balance" in owner.get("/payments/").content.decode()

    for _ in range(2):
        owner.post("/payments/till/9900302/balance")

    order = InitiatorOrder.objects.get()
    assert "no answer yet" in owner.get("/payments/").content.decode()
    AccountBalance.objects.create(
        till=shop.till, order=order, account="Utility Account", balance_cents=4_825_050, at=NOW
    )
    page = owner.get("/payments/").content.decode()
    assert ("Utility Account" in page, "KES 48,250.50" in page) == (True, True)
    assert "Ask again for the balance" in page
    assert owner.post("/payments/till/1/balance").status_code == 404
    assert signed_in(baraka()).post("/payments/till/9900302/balance").status_code == 403


def test_a_payment_shows_where_its_money_went(shop, owner):
    a_matched_payment(shop)

    page = owner.get(PAYMENT).content.decode()

    assert ("KES 500 to sale:1" in page, "Give it back" in page) == (True, True)


def test_a_reversal_goes_out_once_however_often_it_is_pressed(shop, owner):
    a_matched_payment(shop)
    form = {"how": "ours", "amount": "500", "reason": "Wrong goods"}

    found = [owner.post(f"{PAYMENT}/reverse", form).status_code for _ in range(2)]

    assert (found, Reversal.objects.count(), InitiatorOrder.objects.count()) == ([302, 409], 1, 1)


@pytest.mark.parametrize(
    "form",
    [
        {"how": "ours", "amount": "x", "reason": "Wrong goods"},
        {"how": "ours", "amount": "501", "reason": "Wrong goods"},
        {"how": "ours", "amount": "5", "reason": ""},
        {"how": "noted", "amount": "5", "reason": "Portal said so", "receipt": "?"},
        {"how": "forged", "reason": ""},
        {},
    ],
)
def test_a_form_that_cannot_be_done_says_why(shop, owner, form):
    a_matched_payment(shop)

    page = owner.post(f"{PAYMENT}/reverse", form)

    assert (page.status_code, 'role="alert"' in page.content.decode()) == (409, True)
    assert Payment.objects.get().reversed_cents == 0


def test_a_reversal_of_the_portal_is_noted(shop, owner):
    a_matched_payment(shop)
    form = {"how": "noted", "amount": "500.00", "reason": "By the portal", "receipt": "UKM5A1B2R1"}

    owner.post(f"{PAYMENT}/reverse", form)

    assert Reversal.objects.get().receipt == "UKM5A1B2R1"
    assert "KES 500 of it went back." in owner.get(PAYMENT).content.decode()


def test_a_forged_payment_is_taken_out(shop, owner):
    a_payment(shop.till, receipt="UKM5A1B2Z9")
    a_statement_of_today(shop.till)

    owner.post(f"{PAYMENT}/reverse", {"how": "forged", "reason": "Not on the statement"})

    assert Payment.objects.get().reversed_cents == 18_000


def test_a_second_person_decides_above_the_limit(shop, owner):
    shop.business.approval_above_cents = 100
    shop.business.save()
    a_matched_payment(shop)
    owner.post(f"{PAYMENT}/reverse", {"how": "ours", "amount": "500", "reason": "Wrong goods"})
    reversal = Reversal.objects.get()
    url = f"/payments/reversal/{reversal.pk}"
    assert "Reversals that wait" in owner.get("/payments/").content.decode()

    owner.post(url, {"decision": "approve"})
    reversal.refresh_from_db()
    assert reversal.state == ReversalState.PROPOSED
    signed_in(a_user("wanjiru", duka="owner")).post(url, {"decision": "approve"})

    reversal.refresh_from_db()
    assert reversal.state == ReversalState.APPROVED


@pytest.mark.parametrize("who", [baraka, chebet])
@pytest.mark.parametrize("path", ["/payments/", PAYMENT])
def test_nobody_else_sees_or_reverses(shop, who, path):
    a_matched_payment(shop)
    client = signed_in(who())

    assert client.get(path).status_code == 403
    form = {"how": "ours", "amount": "500", "reason": "Wrong goods"}
    assert client.post(f"{PAYMENT}/reverse", form).status_code == 403
    assert Reversal.objects.count() == 0


def test_an_owner_of_another_business_finds_nothing(shop):
    a_matched_payment(shop)
    a_business(slug="maji")
    client = signed_in(a_user("wanjiru", maji="owner"))

    assert client.get(PAYMENT).status_code == 404
    assert client.post(f"{PAYMENT}/reverse", {"how": "forged"}).status_code == 404
    assert "9900302" not in client.get("/payments/").content.decode()


# The code that customers scan

SIGN = "/payments/till/9900302/sign"


@pytest.mark.parametrize(("typed", "shown"), [("", False), ("1,500", True)])
def test_a_code_of_the_till_is_made_by_safaricom_and_shown(shop, gateway, typed, shown):
    gateway.will_answer(sample(200, "dynamic-qr-response"))
    browser = signed_in(a_user("manager", duka=Role.MANAGER))

    page = browser.post(SIGN, {"amount": typed}).content.decode()

    assert "data:image/png;base64," in page
    assert ("KES 1,500" in page) is shown
    sent = gateway.at("/mpesa/qrcode/v1/generate")[-1].body
    assert (sent["TrxCode"], sent["CPI"], sent["Amount"]) == ("BG", "9900302", 1500 if shown else 0)


def test_where_safaricom_refuses_a_code_the_page_says_so(shop, owner, gateway):
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": "Bad CPI"}))

    page = owner.post(SIGN, {"amount": ""})

    assert page.status_code == 422
    assert "Safaricom refuses to make a code for this till: " in page.content.decode()


@pytest.mark.parametrize("typed", ["0", "-1", "1.50", "x", "9999999"])
def test_what_is_no_amount_makes_no_code(shop, owner, typed):
    page = owner.post(SIGN, {"amount": typed})

    assert (page.status_code, "Write whole shillings" in page.content.decode()) == (422, True)


def test_a_cashier_makes_no_code_and_nobody_anothers(shop, owner):
    assert signed_in(baraka()).get(SIGN).status_code == 403
    assert owner.get("/payments/till/9900399/sign").status_code == 404
