"""People to erase, for tests with real processes: made, asked for and looked for in their house.

Each function runs in the product's shell, in a house's own database.
"""

import hashlib
import json
import re

from django.test import Client

from money.models import Business, User
from mpesa.actions.inbound import keep_stray, understand
from mpesa.models import InboundMessage, RequestState, Till
from shops.actions.credit import add_customer
from tests import make
from tests.mpesa.test_erasure import rows_of_everything

PEOPLE = 40
# Read once for each phone: an erasure takes long enough to be killed in the middle of it.
OTHERS = 3_000
PHONES = [f"254711000{number:03d}" for number in range(PEOPLE)]
# Of whom nobody asks to be erased.
NEIGHBOUR = "254722000999"


def fill() -> None:
    """Write people down: each was asked, paid, told of twice, is a customer, and left a stray."""
    business = make.a_business()
    till, amina = make.a_till(business), make.amina()
    for number, phone in enumerate([*PHONES, NEIGHBOUR]):
        _person(till, business, amina, number, phone)
    like = InboundMessage.objects.order_by("pk").last()
    assert like
    body = bytes(like.body or b"")
    InboundMessage.objects.bulk_create(
        InboundMessage(
            channel=like.channel,
            till=till,
            body=body.replace(NEIGHBOUR.encode(), b"2547330%05d" % number),
            sha256=like.sha256,
            address=like.address,
            received_at=make.NOW,
            state=like.state,
            handled_at=make.NOW,
        )
        for number in range(OTHERS)
    )


def _person(till: Till, business: Business, owner: User, number: int, phone: str) -> None:
    checkout, token = f"ws_CO_22112026120000000{phone[3:]}", f"token {number}"
    request = make.a_request(
        till,
        reference=f"sale:{number}",
        token=token,
        checkout_request_id=checkout,
        state=RequestState.ASKED,
    )
    request.phone = phone
    request.save()
    body = make.a_callback(receipt=f"UKM5A1B{number:03d}", checkout_request_id=checkout)
    body = body.replace(b"254700000101", phone.encode())
    for _ in range(2):
        understand(message_id=make.a_message(till, body=body, token=token).pk, now=make.NOW)
    add_customer(business=business, name=f"Person {number}", phone=phone, by=owner, now=make.NOW)
    keep_stray(
        path=f"/cb/0{phone[3:]}",
        body=body,
        address="10.0.0.1",
        reason="unknown address",
        received_at=make.NOW,
    )


def tap(path: str, **fields: str) -> None:
    """Post a form of a page as the owner, and print where that leads."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="amina"))
    answer = client.post(path, fields)
    assert answer.status_code == 302, answer.content.decode()
    print(answer["Location"])


def ask() -> None:
    """Paste the phones as the owner does, and print the page of the job."""
    tap("/jobs/start", kind="erasures", phones="\n".join(PHONES))


def trace() -> None:
    """Print as JSON which tables hold which phones, in whatever form, the neighbour's as well."""
    hashes = {phone: hashlib.sha256(phone.encode()).hexdigest() for phone in [*PHONES, NEIGHBOUR]}
    found: dict[str, set[str]] = {phone: set() for phone in hashes}
    for table, row in rows_of_everything():
        bare = re.sub(r"[^0-9A-Za-z|]", "", row).lower()
        for phone, hashed in hashes.items():
            if phone[3:] in bare or hashed in bare:
                found[phone].add(table)
    print(json.dumps({phone: sorted(tables) for phone, tables in found.items()}))
