"""Workers killed, queues lost, strangers at the door: money is neither lost nor doubled."""

import random
import signal
import time

import httpx
import pytest

from tests.journeys.house import SHORT_SECONDS, SWEEP_SECONDS, Browser, House, SalePage, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("house")]


def waiting(house: House) -> int:
    """Return how many callbacks wait: some in the spool, where it stopped over its lock."""
    stored = house.value("SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'waiting'")
    spooled = [file for file in (house.var / "spool").glob("*.jsonl") if file.stat().st_size]
    return int(stored) + len(spooled)


def till_secret(house: House, number: str = "9900302") -> str:
    return str(house.value(f"SELECT callback_secret FROM mpesa_till WHERE number = '{number}'"))


def paid_while_the_worker_stands_still(house: House, cashier: Browser, phone: str) -> SalePage:
    """Return a sale whose customer has paid, the callback stored and understood by nobody."""
    sale = cashier.ask(phone)
    house.simulator.prompt_on(f"254{phone[1:]}")
    sale.wait_for("ringing")
    house.running["payments"].send_signal(signal.SIGSTOP)
    house.simulator.press(f"254{phone[1:]}", "approve")
    wait_until("the stored callback", lambda: waiting(house))
    return sale


def test_a_worker_killed_between_callback_and_posting_loses_nothing(house: House) -> None:
    sale = paid_while_the_worker_stands_still(house, house.sign_in("baraka"), "0713000001")

    house.kill("payments")
    stage_while_dead = sale.stage
    house.start("payments")
    sale.wait_for("paid")

    assert stage_while_dead in {"ringing", "silent"}
    assert (
        house.value(
            "SELECT count(*) FROM mpesa_payment p JOIN mpesa_paymentrequest r"
            f" ON r.id = p.request_id WHERE r.reference = 'sale:{sale.sale_id}'"
        )
        == 1
    )


def test_payments_survive_a_storm_of_kills(house: House) -> None:
    chance = random.Random(20261122)
    house.simulator.post("/sim/knobs", autopilot="approve", answer_after_ms=300, callback_times=2)
    baraka = house.sign_in("baraka")
    till_before = house.balance("duka", "1100")

    sales = []
    for number in range(16):
        sales.append(baraka.ask(f"07131000{number:02}", Bread_400_g="1"))
        if number % 4 == 3:
            time.sleep(chance.uniform(0.0, 0.8))
            house.kill("payments")
            house.start("payments")
    wait_until("every phone asked", lambda: unasked(house) == 0, SWEEP_SECONDS)
    wait_until(
        "every approved prompt as one payment",
        lambda: not open_prompts(house) and received(house) == approvals(house),
        SWEEP_SECONDS,
    )

    # A kill during the call to Safaricom may leave a phone unasked, but never asked twice.
    assert len(sales) - 2 * 4 <= approvals(house) <= len(house.simulator.prompts()) <= len(sales)
    assert house.balance("duka", "1100") - till_before == 6_500 * approvals(house)


def unasked(house: House) -> int:
    return int(house.value("SELECT count(*) FROM mpesa_paymentrequest WHERE state = 'created'"))


def open_prompts(house: House) -> bool:
    """Whether a phone still rings, or a callback is still on its way."""
    return any(
        prompt["state"] == "open" or len(prompt["deliveries"]) < 2
        for prompt in house.simulator.prompts()
    )


def received(house: House) -> int:
    return int(
        house.value(
            "SELECT count(*) FROM mpesa_payment p JOIN mpesa_paymentrequest r"
            " ON r.id = p.request_id WHERE r.phone LIKE '25471310%'"
        )
    )


def approvals(house: House) -> int:
    return len([prompt for prompt in house.simulator.prompts() if prompt["result_code"] == 0])


def test_a_lost_queue_costs_time_not_work(house: House) -> None:
    baraka = house.sign_in("baraka")
    with house.short_minute("payments"):
        sale = paid_while_the_worker_stands_still(house, baraka, "0713000002")
        time.sleep(0.3)

        house.empty_queues()
        house.running["payments"].send_signal(signal.SIGCONT)
        sale.wait_for("paid", SWEEP_SECONDS)

        # And the bell works again afterwards, without a restart: the next sweep is not that near.
        after = baraka.ask("0713000003")
        house.simulator.press("254713000003", "approve")
        after.wait_for("paid", SHORT_SECONDS - 5)


def test_cash_is_sold_while_the_workers_are_dead(house: House) -> None:
    house.kill("payments")
    house.kill("work")
    baraka = house.sign_in("baraka")

    answer = baraka.sell(baraka.form(Milk_500_ml="1") | {"exact": "1"})
    asked = baraka.ask("0713000004")
    stage = asked.stage
    house.start("payments")
    house.simulator.press("254713000004", "approve")

    assert 'data-stage="paid"' in answer.text
    assert stage == "sending"
    asked.wait_for("paid")


def test_a_sale_that_nobody_asked_yet_is_settled_in_cash_and_never_rings(house: House) -> None:
    baraka = house.sign_in("baraka")
    house.running["payments"].send_signal(signal.SIGSTOP)

    sale = baraka.ask("0713000006")
    stage = sale.stage
    sale.tap("cash", given="200")
    house.running["payments"].send_signal(signal.SIGCONT)
    after = baraka.ask("0713000007")
    house.simulator.press("254713000007", "approve")
    after.wait_for("paid")

    assert stage == "sending"
    assert sale.stage == "paid"
    assert house.simulator.prompts(phone="254713000006") == []


def test_a_stranger_gets_404_and_a_small_ring(house: House) -> None:
    with httpx.Client() as stranger:
        answers = [
            stranger.post(f"{house.url}/cb/{number:040x}/stk", content=b"x" * 50_000)
            for number in range(220)
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert house.value("SELECT count(*) FROM mpesa_stray") == 200
    assert house.value("SELECT max(length(body)) FROM mpesa_stray") == 4096


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"not json", 200),
        (b"\xff\xfe\x00", 200),
        (b"[" * 50_000, 200),
        (b'{"Body": {"stkCallback": {"ResultCode": 0, "CheckoutRequestID": "ws_CO_1"}}}', 200),
        (b"x" * 1_000_000, 413),
        (b"x" * 5_000_000, 413),
    ],
    ids=["empty", "text", "no-utf8", "deep", "short", "1MB", "5MB"],
)
def test_a_bad_body_is_recorded_or_refused_and_posts_nothing(
    house: House, body: bytes, status: int
) -> None:
    entries_before = house.value("SELECT count(*) FROM money_entry")
    said_before = len(house.log("web"))

    answer = httpx.post(f"{house.url}/cb/{till_secret(house)}/stk", content=body)
    wait_until("nothing waiting", lambda: waiting(house) == 0)

    assert answer.status_code == status
    assert house.value("SELECT count(*) FROM money_entry") == entries_before
    assert "Traceback" not in house.log("web")[said_before:]


def test_a_forged_success_is_quarantined(house: House) -> None:
    baraka = house.sign_in("baraka")
    sale = baraka.ask("0713000005")
    prompt = house.simulator.prompt_on("254713000005")
    forged = {
        "Body": {
            "stkCallback": {
                "MerchantRequestID": prompt["merchant_request_id"],
                "CheckoutRequestID": prompt["id"],
                "ResultCode": 0,
                "ResultDesc": "The service request is processed successfully.",
                "CallbackMetadata": {
                    "Item": [
                        {"Name": "Amount", "Value": 180},
                        {"Name": "MpesaReceiptNumber", "Value": "UKMF0RGED1"},
                    ]
                },
            }
        }
    }

    answer = httpx.post(f"{house.url}/cb/{till_secret(house)}/stk/{'a' * 40}", json=forged)
    wait_until("it understood", lambda: waiting(house) == 0)

    assert answer.status_code == 200
    assert sale.stage in {"ringing", "silent"}
    assert house.value("SELECT count(*) FROM mpesa_payment WHERE receipt = 'UKMF0RGED1'") == 0
    assert house.rows("SELECT state, note FROM mpesa_inboundmessage ORDER BY id DESC LIMIT 1") == [
        ("quarantined", "No request of ours has this address.")
    ]
    house.simulator.press("254713000005", "approve")
    sale.wait_for("paid")
