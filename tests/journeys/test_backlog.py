"""More callbacks than a worker understands in time: who waits for a prompt gets it all the same."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import House, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("backlog")]

# Of nobody known: each goes into quarantine by itself, and takes a moment.
MESSAGES = 3_000
BACKLOG = f"""
from mpesa.actions.inbound import receive
from mpesa.models import InboundMessage
from tests import make
till = make.a_till(make.a_business())
make.amina()
first = make.a_message(till, body=make.a_callback(), token="of nobody")
InboundMessage.objects.bulk_create(
    InboundMessage(channel=first.channel, till=till, token_digest=first.token_digest,
                   body=bytes(first.body), sha256=first.sha256, address=first.address,
                   received_at=first.received_at)
    for _ in range({MESSAGES})
)
"""
ASK = """
from django.utils import timezone
from mpesa.actions.requests import request_payment
from mpesa.models import Till
from money.models import User
from periodic import tasks
for _ in range(20):
    tasks.take_in()
request_payment(till=Till.objects.get(), key="k", reference="sale:1", account_reference="S1",
                phone="254700000101", amount_cents=18_000, by=User.objects.get(username="amina"),
                now=timezone.now())
tasks.ask_phones()
"""
WAITING = "SELECT count(*) FROM mpesa_inboundmessage WHERE state = 'waiting'"
ASKED = "SELECT count(*) FROM mpesa_paymentrequest WHERE asked_at IS NOT NULL"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of a database and a worker of payments."""
    house = House(tmp_path)
    try:
        house.make_database()
        house.run_code(BACKLOG)
        yield house
    finally:
        with contextlib.suppress(OSError):
            print(house.log("payments")[-3000:])
        house.close()


def test_a_prompt_is_sent_while_thousands_of_callbacks_wait(house: House) -> None:
    house.run_code(ASK)

    house.start("payments")
    wait_until("the prompt", lambda: house.value(ASKED), 60)

    assert house.value(WAITING) > MESSAGES / 2

    # Told to end, it does not first take in the other thousands: who stops it would lose patience.
    assert house.stop("payments") == 0
    assert "Shutdown timeout" not in house.log("payments")
    assert house.value(WAITING) > 0
