"""Sales across all floors, by HTTP against real processes."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.house import House, SalePage, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("house")]


def payments(house: House, sale: SalePage) -> list[tuple[str, int, int]]:
    """Return (receipt, cents, allocated cents) of a sale's payments."""
    return house.rows(
        "SELECT p.receipt, p.amount_cents, p.allocated_cents FROM mpesa_payment p"
        " JOIN mpesa_paymentrequest r ON r.id = p.request_id"
        f" WHERE r.reference = 'sale:{sale.sale_id}'"
    )


def test_a_cash_sale_gives_change_and_a_receipt(house: House) -> None:
    baraka = house.sign_in("baraka")
    drawer_before = house.balance("duka", "1000")

    answer = baraka.sell(
        baraka.form(Maize_flour_2_kg="2", Sugar="0.5") | {"given": "500", "pay": "cash"}
    )

    assert 'data-stage="paid"' in answer.text
    assert re.search(r'class="huge">KES 65<', answer.text)
    slip = baraka.get(f"{answer.url.path}receipt")
    assert "TOTAL KES" in slip
    assert "VAT B 16 % of 75" in slip
    assert house.balance("duka", "1000") - drawer_before == 43_500


def test_an_mpesa_sale_is_asked_rung_paid_and_booked(house: House) -> None:
    baraka = house.sign_in("baraka")
    till_before = house.balance("duka", "1100")

    sale = baraka.ask("0712 000 001")
    ringing = sale.wait_for("ringing")
    prompt = house.simulator.press("254712000001", "approve")
    paid = sale.wait_for("paid")

    assert "2547…001" in ringing
    assert "ws_CO" not in ringing + paid
    assert (prompt["amount"], prompt["party_b"], prompt["shortcode"]) == (180, "9900302", "9900300")
    receipt = house.simulator.prompts(phone="254712000001")[0]["receipt"]
    assert receipt in paid
    assert payments(house, sale) == [(receipt, 18_000, 18_000)]
    assert house.balance("duka", "1100") - till_before == 18_000
    assert receipt in baraka.get(f"{sale.path}receipt")


def test_the_owner_sees_takings_sales_payments_entries_and_tasks(house: House) -> None:
    baraka, amina = house.sign_in("baraka"), house.sign_in("amina")
    sale = baraka.ask("0712000002", Bread_400_g="1")
    house.simulator.press("254712000002", "approve")
    sale.wait_for("paid")
    receipt = payments(house, sale)[0][0]

    front = amina.get("/admin/")

    assert "Amina Duka na Gas" in front
    assert "Unidentified" in front
    assert receipt in amina.get("/admin/mpesa/payment/")
    assert f"/admin/shops/sale/{sale.sale_id}/change/" in amina.get("/admin/shops/sale/")
    assert "M-Pesa payment received" in amina.get("/admin/money/entry/")
    wait_until(
        "tasks of both queues in the monitor",
        lambda: (
            {"take_in", "ask_phones", "forget_old_task_records"}
            <= {name for (name,) in house.rows("SELECT DISTINCT name FROM huey_monitor_taskmodel")}
        ),
    )
    assert "take_in" in amina.get("/admin/huey_monitor/taskmodel/")


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("cancel", "the customer cancelled"),
        ("wrong_pin", "Wrong PIN"),
        ("insufficient", "Not enough money"),
    ],
)
def test_a_refused_prompt_says_so_and_cash_can_follow(
    house: House, action: str, sentence: str
) -> None:
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000003")
    house.simulator.press("254712000003", action)
    failed = sale.wait_for("failed")
    sale.tap("cash", given="200")

    assert sentence in failed
    assert sale.stage == "paid"
    assert payments(house, sale) == []


def test_a_cancelled_prompt_can_be_asked_again(house: House) -> None:
    baraka = house.sign_in("baraka")
    sale = baraka.ask("0712000004")
    house.simulator.press("254712000004", "cancel")
    sale.wait_for("failed")

    sale.tap("mpesa", phone="0712000004", key="again-0712000004")
    sale.wait_for("ringing")
    house.simulator.press("254712000004", "approve")
    sale.wait_for("paid")

    assert len(payments(house, sale)) == 1


def test_an_ignored_prompt_ends_as_no_answer(house: House) -> None:
    house.simulator.post("/sim/knobs", prompt_seconds=2)
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000005")
    house.simulator.press("254712000005", "ignore")
    failed = sale.wait_for("failed")

    assert "did not answer" in failed
    assert payments(house, sale) == []


def test_a_callback_delivered_five_times_is_one_payment(house: House) -> None:
    house.simulator.post("/sim/knobs", callback_times=5)
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000006")
    prompt = house.simulator.press("254712000006", "approve")
    sale.wait_for("paid")
    wait_until(
        "five deliveries",
        lambda: len(house.simulator.prompts(phone="254712000006")[0]["deliveries"]) == 5,
    )
    house.simulator.post(f"/sim/prompts/{prompt['id']}/redeliver")
    wait_until(
        "all understood",
        lambda: (
            house.value("SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'waiting'") == 0
        ),
    )

    assert len(payments(house, sale)) == 1


def test_a_callback_before_the_answer_to_our_own_request_is_taken(house: House) -> None:
    house.simulator.preset("hostile-order")
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000007")
    sale.wait_for("paid")

    assert len(payments(house, sale)) == 1
    ids = house.rows(
        "SELECT checkout_request_id, merchant_request_id FROM mpesa_paymentrequest"
        f" WHERE reference = 'sale:{sale.sale_id}'"
    )
    assert all(ids[0])


def test_a_lost_answer_is_never_asked_twice_and_its_callback_is_taken(house: House) -> None:
    house.simulator.post("/sim/knobs", ack="lost")
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000008")
    house.simulator.press("254712000008", "approve")
    sale.wait_for("paid")

    assert len(house.simulator.prompts(phone="254712000008")) == 1
    assert len(payments(house, sale)) == 1


def test_a_lost_callback_is_found_by_asking_and_booked_when_its_receipt_comes(
    house: House,
) -> None:
    house.simulator.preset("silent")
    baraka = house.sign_in("baraka")

    sale = baraka.ask("0712000009")
    prompt = house.simulator.press("254712000009", "approve")
    sale.wait_for("silent")
    sale.tap("check")
    confirmed = sale.wait_for("confirmed")
    house.simulator.post(f"/sim/prompts/{prompt['id']}/redeliver")
    sale.wait_for("paid")

    assert "Paid, says Safaricom" in confirmed
    assert len(payments(house, sale)) == 1


@pytest.mark.parametrize("mode", ["4999", "500"])
def test_still_processing_is_not_a_failure(house: House, mode: str) -> None:
    house.simulator.post("/sim/knobs", query_mode=mode)
    baraka = house.sign_in("baraka")
    sale = baraka.ask(f"071200{mode:>04}")
    phone = f"25471200{mode:>04}"
    house.simulator.prompt_on(phone)
    sale.wait_for("silent")

    sale.tap("check")
    wait_until(
        "an asked query",
        lambda: house.value(
            f"SELECT queries FROM mpesa_paymentrequest WHERE reference = 'sale:{sale.sale_id}'"
        ),
    )
    stage = sale.stage
    house.simulator.press(phone, "approve")

    assert stage == "silent"
    sale.wait_for("paid")


def test_a_double_click_is_one_sale_and_one_prompt(house: House) -> None:
    baraka = house.sign_in("baraka")
    fields = baraka.form(Milk_500_ml="1") | {"phone": "0712000010", "pay": "mpesa"}

    with ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(lambda _: baraka.sell(fields), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.url.path for answer in answers}) == 1
    house.simulator.press("254712000010", "approve")
    sale = SalePage(baraka, answers[0].url.path)
    sale.wait_for("paid")
    assert len(house.simulator.prompts(phone="254712000010")) == 1
    assert house.value(f"SELECT count(*) FROM shops_sale WHERE key = '{fields['key']}'") == 1


def test_a_payment_after_the_sale_was_settled_in_cash_stays_unidentified(house: House) -> None:
    baraka = house.sign_in("baraka")
    unidentified_before = house.balance("duka", "2130")
    house.simulator.post("/sim/knobs", query_mode="failed", callback="never")
    sale = baraka.ask("0712000011")
    prompt = house.simulator.press("254712000011", "approve")
    sale.wait_for("silent")
    sale.tap("check")
    sale.wait_for("failed")
    sale.tap("cash", given="200")

    house.simulator.post(f"/sim/prompts/{prompt['id']}/redeliver")
    wait_until("the late payment", lambda: payments(house, sale))

    assert payments(house, sale)[0][1:] == (18_000, 0)
    assert house.balance("duka", "2130") - unidentified_before == -18_000
    wait_until("the owner's page", lambda: "180" in house.sign_in("amina").get("/admin/"))


def test_a_person_of_another_shop_finds_nothing(house: House) -> None:
    halima = house.sign_in("halima")

    answer = halima.client.get("/s/duka/")

    assert answer.status_code == 404
    assert "not one of your businesses" in answer.text
