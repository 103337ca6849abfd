"""The cash pages as a browser meets them: who gets in, what is blind, what is refused where."""

import re
import uuid
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.models import Attachment, Book, Business, Entry, Role, User
from shops.actions.drawers import add_drawer, close_forgotten, close_session, first_drawer
from shops.actions.settle import take_cash
from shops.models import CashMove, CashSession, Drawer, FloatSource, SafeBanking
from tests import make
from tests.make import NOW
from tests.money.pages import as_role, client_of, person, refusal_of, text_of

CASH = "/cash/duka/"
KEY = "0123456789abcdef"
HANDLERS = [Role.OWNER, Role.MANAGER, Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER]
SEERS = [Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR]
BLIND = [Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 20
PDF = b"%PDF-1.7 " + b"0" * 20


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business()


@pytest.fixture
def session(shop: Business) -> CashSession:
    """Return an open session: a float of 500, a sale of 180 for cash, so 680 are expected."""
    session = make.a_session(shop, shillings=500, source=FloatSource.OWNER)
    by = make.a_user("baraka")
    take_cash(sale_id=make.a_sale(shop).pk, given_cents=20_000, by=by, now=NOW)
    return session


def counted(session: CashSession, by: User, shillings: int) -> CashSession:
    return close_session(
        session_id=session.pk,
        business=session.business,
        counts={"1": shillings},
        left_cents=None,
        by=by,
        now=NOW,
    )


def at(path: str, *facts: object) -> str:
    return f"{CASH}{path.format(*facts)}"


def a_move(**but: Any) -> dict[str, Any]:
    fields = {"key": uuid.uuid4().hex, "what": "out:fuel", "amount": "50", "note": "Boda"}
    return fields | but


def a_file(content: bytes, name: str = "slip.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


# Who gets in


@pytest.mark.parametrize("role", sorted({*HANDLERS, *SEERS}))
def test_every_role_of_the_business_has_a_cash_page(session: CashSession, role: str) -> None:
    assert as_role(role).get(CASH).status_code == 200


def test_signed_out_one_signs_in_first(client: Client, session: CashSession) -> None:
    response = client.get(CASH)

    assert (response.status_code, response["Location"]) == (302, "/login?next=%2Fcash%2Fduka%2F")


def pages_of(session: CashSession, z_number: int, move: CashMove) -> list[tuple[str, str]]:
    return [
        ("get", ""),
        ("post", "bank"),
        ("post", "drawers"),
        ("get", f"drawers/{session.drawer_id}/open"),
        ("post", f"drawers/{session.drawer_id}/open"),
        ("post", f"drawers/{session.drawer_id}/here"),
        ("get", f"sessions/{session.pk}/count"),
        ("post", f"sessions/{session.pk}/count"),
        ("post", f"sessions/{session.pk}/move"),
        ("get", f"papers/{move.pk}"),
        ("get", f"z/{z_number}/"),
        ("post", f"z/{z_number}/note"),
        ("post", f"z/{z_number}/correct"),
    ]


def a_paper(session: CashSession) -> CashMove:
    client = as_role(Role.OWNER)
    fields = a_move(paper=a_file(PNG))
    assert client.post(at("sessions/{}/move", session.pk), fields).status_code == 302
    return CashMove.objects.latest("pk")


def test_a_stranger_finds_nothing(session: CashSession) -> None:
    move = a_paper(session)
    done = counted(session, make.a_user("baraka"), 630)
    again = make.a_session(session.business, shillings=630)
    maji = make.a_business(slug="maji")
    owner_of_another = person(Role.OWNER, "maji")
    entries = Entry.objects.count()
    for client in (client_of(make.chebet()), client_of(owner_of_another)):
        for verb, page in pages_of(again, done.z_number or 0, move):
            assert getattr(client, verb)(f"{CASH}{page}").status_code == 404, page
    # And what is of duka is not reached by way of one's own business.
    client = client_of(owner_of_another)
    for verb, page in pages_of(again, done.z_number or 0, move):
        if any(character.isdigit() for character in page):
            assert getattr(client, verb)(f"/cash/maji/{page}").status_code == 404, page
    assert Entry.objects.count() == entries
    assert not CashSession.objects.filter(business=maji).exists()


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.AUDITOR])
def test_who_only_looks_changes_nothing(session: CashSession, role: str) -> None:
    move = a_paper(session)
    client = as_role(role)
    may = {"", f"papers/{move.pk}"}
    for verb, page in pages_of(session, 1, move):
        expected = 200 if page in may else 404
        assert getattr(client, verb)(f"{CASH}{page}").status_code == expected, page
    text = text_of(client.get(CASH))
    for word in ("Count and close", "Write down", "Banked", "Add a drawer", "To the counter"):
        assert word not in text


@pytest.mark.parametrize("role", BLIND)
def test_a_cashier_explains_nothing_and_banks_nothing(session: CashSession, role: str) -> None:
    client = as_role(role)
    done = counted(session, person(role), 680)

    for page in ("bank", "drawers", f"z/{done.z_number}/note", f"z/{done.z_number}/correct"):
        assert client.post(f"{CASH}{page}").status_code == 404, page
    text = text_of(client.get(at("z/{}/", done.z_number)))
    assert "Manager's note" not in text
    assert "What the difference was" not in text
    assert "Add a drawer" not in text_of(client.get(CASH))


@pytest.mark.parametrize("role", SEERS)
def test_z_reports_are_read_by_who_may(session: CashSession, role: str) -> None:
    done = counted(session, make.a_user("baraka"), 680)
    client = as_role(role)

    assert "Z REPORT 1" in text_of(client.get(at("z/{}/", done.z_number)))
    assert "Z 1, Drawer" in text_of(client.get(CASH))


def test_a_cashier_reads_the_reports_of_own_counts_alone(session: CashSession) -> None:
    mine = counted(session, person(Role.CASHIER), 680)
    theirs = counted(make.a_session(session.business, shillings=680), make.a_user("halima"), 680)
    client = as_role(Role.CASHIER)

    assert client.get(at("z/{}/", mine.z_number)).status_code == 200
    assert client.get(at("z/{}/", theirs.z_number)).status_code == 404
    assert "Z 2" not in text_of(client.get(CASH))


@pytest.mark.parametrize(
    "page", ["z/99/", "papers/99", "sessions/99/count", "drawers/99/open", f"z/{'9' * 30}/"]
)
def test_what_is_not_there_is_not_found(session: CashSession, page: str) -> None:
    assert as_role(Role.OWNER).get(f"{CASH}{page}").status_code == 404


# Blind


def everything_in(response: Any) -> str:
    headers = " ".join(f"{name}: {value}" for name, value in response.headers.items())
    cookies = response.cookies.output()
    return f"{headers} {cookies} {unescape(response.content.decode())}"


@pytest.mark.parametrize("role", BLIND)
def test_no_answer_tells_a_cashier_what_the_drawer_holds(session: CashSession, role: str) -> None:
    make.an_entry(session.business, cents=123_400)  # 500 + 180 + 1,234 are expected
    client = as_role(role)
    move = at("sessions/{}/move", session.pk)
    count = at("sessions/{}/count", session.pk)
    answers = [
        client.get(CASH),
        client.get(count),
        client.get("/s/duka/"),
        client.get("/", follow=True),
        client.post(count, {"n-1000": "x"}),
        client.post(count, {}),
        client.post(count, {"n-1": "1", "left": "2"}),
        client.post(move, a_move(amount="999999")),
        client.post(move, a_move(amount="99999999")),
        client.post(move, a_move(amount="")),
        client.post(move, a_move(what="drop:safe", amount="1")),
        client.get(CASH),
    ]

    for answer in answers:
        said = everything_in(answer)
        for figure in ("1,914", "1914", "191400", "1,913", "191300", "expected"):
            assert figure not in said, figure


def test_what_the_drawer_should_hold_is_shown_to_who_may(session: CashSession) -> None:
    for role in SEERS:
        assert "It should hold KES 680 now" in text_of(as_role(role).get(CASH))


def test_the_float_is_counted_blind_as_well(session: CashSession) -> None:
    counted(session, make.a_user("halima"), 680)
    client = as_role(Role.CASHIER)
    page = at("drawers/{}/open", session.drawer_id)

    for answer in (client.get(page), client.post(page, {"key": KEY, "n-1": "x"}), client.get(CASH)):
        assert "680" not in everything_in(answer)


def test_what_was_expected_is_shown_after_the_count(session: CashSession) -> None:
    client = as_role(Role.CASHIER)

    response = client.post(
        at("sessions/{}/count", session.pk), {"n-500": "1", "n-100": "1"}, follow=True
    )

    text = text_of(response)
    assert "KES 80 short" in text
    assert "EXPECTED 680" in text
    assert "500 \u00d7 1 500" in text


# What is done


def test_a_float_is_counted_in(shop: Business) -> None:
    client = as_role(Role.CASHIER)
    drawer = first_drawer(shop)
    page = at("drawers/{}/open", drawer.pk)

    assert "The owner brought it" in text_of(client.get(page))
    fields = {"key": KEY, "n-100": "5", "n-1": "20", "source": "owner"}
    response = client.post(page, fields)

    assert (response.status_code, response["Location"]) == (302, "/s/duka/")
    assert client.cookies["duka_drawer"].value == str(drawer.pk)
    assert client.cookies["duka_drawer"]["httponly"]
    session = CashSession.objects.get()
    assert (session.float_cents, session.float_counts) == (52_000, {"100": 5, "1": 20})
    # Twice by the same form is once.
    assert client.post(page, fields)["Location"] == "/s/duka/"
    assert CashSession.objects.count() == 1


def test_a_count_that_cannot_be_read_keeps_what_was_typed(session: CashSession) -> None:
    page = at("sessions/{}/count", session.pk)
    client = as_role(Role.CASHIER)
    for typed in ("two", "-1", "1.5", "٣", "²", "9" * 40, "100001", "1 000"):
        response = client.post(page, {"n-1000": typed, "n-50": "3", "left": "20"})

        assert response.status_code == 422
        assert "Of KES 1000: write how many" in refusal_of(response)
        values = dict(re.findall(r'name="(n-\d+|left)" value="([^"]*)"', response.content.decode()))
        values |= dict(re.findall(r'name="(left)" value="([^"]*)"', response.content.decode()))
        assert (values["n-1000"], values["n-50"], values["left"]) == (typed, "3", "20")
    assert CashSession.objects.get().is_open


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Count the notes and coins"),
        ({"n-1000": "  "}, "Count the notes and coins"),
        ({"n-1": "5", "left": "x"}, "Write an amount in shillings"),
        ({"n-1": "5", "left": "6"}, "at most what was counted"),
        ({"n-1000": "1\x002"}, None),
    ],
)
def test_what_is_counted_makes_sense(
    session: CashSession, fields: dict[str, str], said: str | None
) -> None:
    response = as_role(Role.CASHIER).post(at("sessions/{}/count", session.pk), fields)

    if said is None:
        assert CashSession.objects.get().counts == {"1000": 12}
    else:
        assert (response.status_code, said in refusal_of(response)) == (422, True)
        assert CashSession.objects.get().is_open


def test_a_body_of_ten_megabytes_is_refused(session: CashSession) -> None:
    response = as_role(Role.CASHIER).post(
        at("sessions/{}/count", session.pk), {"n-1000": "1" * 10_000_000}
    )

    assert response.status_code == 400
    assert CashSession.objects.get().is_open


def test_a_drawer_of_nothing_is_counted_by_a_zero(session: CashSession) -> None:
    as_role(Role.CASHIER).post(at("sessions/{}/count", session.pk), {"n-1000": "0"})

    assert CashSession.objects.get().counted_cents == 0


def test_a_count_that_is_sent_twice_is_one(session: CashSession) -> None:
    client, page = as_role(Role.CASHIER), at("sessions/{}/count", session.pk)

    first = client.post(page, {"n-500": "1", "left": "100"})
    again = client.post(page, {"n-500": "1", "left": "100"})

    assert first["Location"] == again["Location"] == "/cash/duka/z/1/"
    assert client.get(page)["Location"] == "/cash/duka/z/1/"
    assert CashSession.objects.get().left_cents == 10_000


def test_who_counts_second_learns_of_the_first(session: CashSession) -> None:
    counted(session, make.a_user("halima"), 680)
    page = at("sessions/{}/count", session.pk)

    for role, there in ((Role.CASHIER, CASH), (Role.MANAGER, "/cash/duka/z/1/")):
        response = as_role(role).post(page, {"n-500": "1"}, follow=True)
        assert response.redirect_chain == [(there, 302)]
        assert "Drawer was closed before, by Halima." in text_of(response)


def test_cash_is_paid_out_with_a_picture(session: CashSession) -> None:
    client = as_role(Role.CASHIER)
    fields = a_move(paper=a_file(JPEG, "../../slip of Juma.jpg"))

    response = client.post(at("sessions/{}/move", session.pk), fields, follow=True)

    assert "Written down, and posted." in text_of(response)
    move = CashMove.objects.get()
    assert (move.amount_cents, move.note, move.by) == (5_000, "Boda", person(Role.CASHIER))
    paper = client.get(at("papers/{}", move.pk))
    assert bytes(paper.content) == JPEG
    assert paper["Content-Type"] == "image/jpeg"
    assert paper["Content-Disposition"] == 'attachment; filename="slip of Juma.jpg"'
    assert paper["X-Content-Type-Options"] == "nosniff"
    assert f'href="{at("papers/{}", move.pk)}"' in response.content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<script>", "a PDF, a PNG or a JPEG"),
        (b"GIF89a", "a PDF, a PNG or a JPEG"),
        (b"", "a PDF, a PNG or a JPEG"),
        (PNG + b"0" * 5 * 1024 * 1024, "larger than 5 MB"),
        (PDF, None),
    ],
)
def test_a_paper_is_a_picture_or_a_pdf(
    session: CashSession, content: bytes, said: str | None
) -> None:
    client = as_role(Role.CASHIER)
    response = client.post(at("sessions/{}/move", session.pk), a_move(paper=a_file(content)))

    if said:
        assert response.status_code == 422
        assert said in refusal_of(response)
        assert "Choose the picture again" in refusal_of(response)
        assert (CashMove.objects.count(), Attachment.objects.count()) == (0, 0)
    else:
        assert Attachment.objects.get().content_type == "application/pdf"


def test_without_a_paper_there_is_none(session: CashSession) -> None:
    as_role(Role.CASHIER).post(at("sessions/{}/move", session.pk), a_move())

    move = CashMove.objects.get()
    assert as_role(Role.OWNER).get(at("papers/{}", move.pk)).status_code == 404


def place_of(response: Any) -> str:
    """Return the button or heading of the form that the refusal stands in."""
    text = response.content.decode()
    assert text.count('class="refusal" role="alert"') == 1
    before, after = text.split('<p class="refusal" role="alert">')
    form = before.rpartition("<form")[2]
    assert "</form>" not in form
    return str(unescape(re.findall(r"<button[^>]*>([^<]+)</button>", after)[0]))


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"amount": ""}, "Write how much money it is"),
        ({"amount": "x"}, "Write an amount in shillings"),
        ({"amount": "-5"}, "Write an amount in shillings"),
        ({"amount": "\u0665"}, "Write an amount in shillings"),
        ({"amount": "9" * 16}, "too large"),
        ({"amount": "0"}, "more than nothing"),
        ({"amount": "2001"}, "You may pay out KES 2,000"),
        ({"amount": "2001", "what": "bank:bank"}, "the bank's slip is photographed"),
        ({"note": " "}, "Write a word about it"),
        ({"note": "x" * 201}, "more than 200 letters"),
        ({"what": "in:fuel"}, "Choose what the money is for"),
        ({"what": "out:safe"}, "Choose what the money is for"),
        ({"what": "<b>"}, "Choose what the money is for"),
        ({"what": "in:found", "z": "\u0663"}, "Write the number of the Z report"),
        ({"what": "in:found", "z": "9" * 15}, "Write the number of the Z report"),
        ({"key": ""}, "This page is incomplete"),
        ({"key": "x" * 65}, "This page is incomplete"),
    ],
)
def test_a_refused_move_keeps_what_was_typed(
    session: CashSession, but: dict[str, str], said: str
) -> None:
    fields = a_move(amount="77", note="Two bodas", what="out:repairs") | but

    response = as_role(Role.CASHIER).post(at("sessions/{}/move", session.pk), fields)

    assert response.status_code == 422
    assert said in refusal_of(response)
    assert place_of(response) == "Write down"
    text = response.content.decode()
    assert f'name="note" value="{fields["note"]}"' in text
    assert f'name="amount" value="{fields["amount"]}"' in text
    if "what" not in but:
        assert '<option value="out:repairs" selected>' in text
    assert CashMove.objects.count() == 0


def test_nul_in_a_note_is_dropped(session: CashSession) -> None:
    as_role(Role.CASHIER).post(at("sessions/{}/move", session.pk), a_move(note="Bo\x00da"))

    assert str(CashMove.objects.get()) == "Paid out: Fuel and transport: Boda"


def test_a_move_that_is_sent_twice_is_one(session: CashSession) -> None:
    client, fields = as_role(Role.CASHIER), a_move()
    for _ in range(2):
        response = client.post(at("sessions/{}/move", session.pk), fields, follow=True)
        assert "Written down, and posted." in text_of(response)

    again = client.post(at("sessions/{}/move", session.pk), fields | {"amount": "60"})

    assert "This page was used before" in refusal_of(again)
    assert CashMove.objects.count() == 1


def test_what_is_typed_for_one_drawer_stays_with_it(session: CashSession) -> None:
    back = add_drawer(business=session.business, name="Back counter")
    client = as_role(Role.CASHIER)
    client.post(at("drawers/{}/open", back.pk), {"key": KEY, "n-1": "0", "source": "left"})

    response = client.post(at("sessions/{}/move", session.pk), a_move(amount="77x"))

    text = response.content.decode()
    assert text.count('value="77x"') == 1
    assert text.count('class="cash-move" open') == 1
    # The drawer of this browser comes first.
    assert text.index("Back counter") < text.index('value="77x"')


def test_a_device_takes_its_cash_to_another_drawer(session: CashSession) -> None:
    back = add_drawer(business=session.business, name="Back counter")
    client = as_role(Role.CASHIER)
    client.post(at("drawers/{}/open", back.pk), {"key": KEY, "n-1": "0", "source": "left"})
    assert "Cash taken on this device goes in here" in text_of(client.get(CASH))

    response = client.post(at("drawers/{}/here", session.drawer_id), follow=True)

    assert "Cash taken here goes into Drawer now." in text_of(response)
    assert client.cookies["duka_drawer"].value == str(session.drawer_id)


@pytest.mark.parametrize("cookie", ["", "x", "-1", "9" * 30, "\u00b2", "0"])
def test_an_odd_cookie_names_no_drawer(session: CashSession, cookie: str) -> None:
    client = as_role(Role.CASHIER)
    client.cookies["duka_drawer"] = cookie

    assert client.get("/s/duka/").status_code == 200
    product = make.a_product(session.business)
    fields = {"key": KEY, "shown": "18000", f"line-{product.pk}": "1", "pay": "cash", "exact": "1"}
    assert client.post("/s/duka/sell", fields).status_code == 302
    assert session.tenders.count() == 2


def test_a_sale_is_refused_beside_the_cash_field_while_the_drawer_is_closed(
    shop: Business,
) -> None:
    client, product = as_role(Role.CASHIER), make.a_product(shop)
    fields = {"key": KEY, "shown": "18000", f"line-{product.pk}": "1", "pay": "cash", "exact": "1"}

    response = client.post("/s/duka/sell", fields)

    assert response.status_code == 422
    assert "Count the float first" in refusal_of(response)
    assert f'name="line-{product.pk}"' in response.content.decode()


def test_a_drawer_is_added_by_who_manages(shop: Business) -> None:
    client = as_role(Role.OWNER)

    refused = client.post(at("drawers"), {"name": "x" * 41})
    assert "at most 40 letters" in refusal_of(refused)
    assert place_of(refused) == "Add"
    assert f'value="{"x" * 41}"' in refused.content.decode()
    client.post(at("drawers"), {"name": "Back counter"})

    assert Drawer.objects.get(account_code="1000.2").name == "Back counter"
    assert as_role(Role.MANAGER).post(at("drawers"), {"name": "Third"}).status_code == 404


def test_the_safe_is_banked_by_who_explains_cash(session: CashSession) -> None:
    client = as_role(Role.MANAGER)
    client.post(at("sessions/{}/move", session.pk), a_move(what="drop:safe", amount="400"))

    refused = client.post(at("bank"), {"key": KEY, "amount": "400.50", "slip": "S-7"})
    assert "The books have KES 400 in the safe" in refusal_of(refused)
    assert place_of(refused) == "Banked"
    assert 'value="400.50"' in refused.content.decode()
    assert 'value="S-7"' in refused.content.decode()
    for _ in range(2):
        client.post(at("bank"), {"key": KEY, "amount": "300", "slip": "S-7"})

    assert SafeBanking.objects.get().amount_cents == 30_000
    assert "The books have KES 100 in the safe" in text_of(client.get(CASH))


def test_a_difference_is_noted_and_corrected(session: CashSession) -> None:
    counted(session, make.a_user("baraka"), 300)
    client = as_role(Role.MANAGER)
    page = at("z/{}/", 1)
    assert "This needs a manager's note" in text_of(client.get(page))
    assert "KES 380 short" in text_of(client.get(page))

    empty = client.post(f"{page}note", {"text": " "})
    assert "Write what happened" in refusal_of(empty)
    assert place_of(empty) == "Write the note"
    client.post(f"{page}note", {"text": "Paid the water man"})
    too_much = {"key": KEY, "reason": "short:water", "amount": "381", "note": "Slip 9"}
    refused = client.post(f"{page}correct", too_much)
    assert "KES 380 of Z 1 are short" in refusal_of(refused)
    assert place_of(refused) == "Correct"
    assert '<option value="short:water" selected>' in refused.content.decode()
    for _ in range(2):
        response = client.post(f"{page}correct", too_much | {"amount": "380"}, follow=True)

    text = text_of(response)
    assert "Paid the water man" in text
    assert "KES 380, Slip 9" in text
    assert "This needs a manager's note" not in text
    assert "What the difference was" not in text
    assert CashSession.objects.get().corrections.count() == 1


@pytest.mark.parametrize(
    "reason", ["", "short:", "over:found", "short:found", "fuel", "over:owner_in"]
)
def test_a_correction_has_a_reason_of_its_side(session: CashSession, reason: str) -> None:
    counted(session, make.a_user("baraka"), 300)
    fields = {"key": KEY, "reason": reason, "amount": "10", "note": "Slip 9"}

    response = as_role(Role.OWNER).post(at("z/1/correct"), fields)

    assert response.status_code == 422
    assert CashSession.objects.get().corrections.count() == 0


def test_the_report_of_what_nobody_counted(session: CashSession) -> None:
    close_forgotten(now=NOW, after_hours=0)

    text = text_of(as_role(Role.OWNER).get(at("z/1/")))

    assert "Nobody counted" in text
    assert "the clock" in text
    assert "uncounted" in text_of(as_role(Role.OWNER).get(CASH))
    assert as_role(Role.CASHIER).get(at("z/1/")).status_code == 404


def test_a_float_from_the_safe_is_said_on_the_report(shop: Business) -> None:
    session = make.a_session(shop, shillings=500, source=FloatSource.SAFE)
    counted(session, make.a_user("baraka"), 500)
    morning = make.a_session(shop, shillings=450)
    counted(morning, make.a_user("baraka"), 450)
    owner = as_role(Role.OWNER)

    assert "of it from the safe 500" in text_of(owner.get(at("z/1/"))).replace("\xa0", " ")
    text = text_of(owner.get(at("z/2/"))).replace("\xa0", " ")
    assert "against what was left -50" in text
    assert "It ties, float KES 50 short" in text


def test_a_business_without_a_book_says_so(shop: Business) -> None:
    drawer = first_drawer(shop)
    Book.objects.filter(business=shop).delete()

    response = as_role(Role.CASHIER).post(
        at("drawers/{}/open", drawer.pk), {"key": KEY, "n-1": "5", "source": "left"}
    )

    assert response.status_code == 422
    assert "has no book of accounts" in refusal_of(response)


def test_the_page_costs_as_much_with_many_reports_and_moves(session: CashSession) -> None:
    client = as_role(Role.MANAGER)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(CASH).status_code == 200
        return len(queries)

    client.post(at("sessions/{}/move", session.pk), a_move(amount="1"))
    counted(session, make.a_user("baraka"), 679)
    again = make.a_session(session.business, shillings=679)
    client.post(at("sessions/{}/move", again.pk), a_move(amount="1"))
    few = cost()
    for _ in range(5):
        client.post(at("sessions/{}/move", again.pk), a_move(amount="1"))
    counted(again, make.a_user("baraka"), 1)
    make.a_session(session.business, shillings=1)
    client.post(at("sessions/{}/move", CashSession.objects.latest("pk").pk), a_move(amount="1"))

    assert cost() == few
