"""The admin of what the nets found, of an owner's trust in a till, and of quarantine."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from money.models import Membership, Role
from mpesa.actions.inbound import understand
from mpesa.actions.tills import rotate_secret
from mpesa.models import (
    Allocation,
    BalanceGap,
    ClosedReference,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    Payer,
    Payment,
    PullRun,
    Release,
    Reversal,
    StatementRow,
    StatementUpload,
    TiedDay,
    Till,
    Trust,
)
from tests.make import NOW, a_business, a_callback, a_message, a_till, a_user, amina, baraka
from tests.mpesa.conftest import Shop
from tests.mpesa.rail_rows import a_row_of_each

READ_ONLY = [
    PullRun,
    BalanceGap,
    StatementUpload,
    StatementRow,
    TiedDay,
    InitiatorOrder,
    Reversal,
]
PAGES = [*READ_ONLY, ClosedReference]
REASON = "Seen in the portal with the same amount."


def address(model: Any, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:mpesa_{model._meta.model_name}_{page}", args=args)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


@pytest.fixture
def rows(shop: Shop) -> dict[Any, Any]:
    return a_row_of_each(shop.till)


@pytest.fixture
def owner(rows: dict[Any, Any], client: Client) -> Client:
    client.force_login(amina())
    return client


@pytest.fixture
def other_till(shop: Shop) -> Till:
    """A till of a business that Amina reads as an auditor, and does not manage."""
    till = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    a_row_of_each(till, receipt="UKM5A1B2C4", letter="b")
    return till


def an_auditor_there(till: Till) -> None:
    Membership.objects.create(user=a_user("amina"), business=till.business, role=Role.AUDITOR)


# Read only


@pytest.mark.parametrize("model", PAGES)
def test_rows_are_shown_and_never_changed(owner: Client, rows: dict[Any, Any], model: Any) -> None:
    before = model.objects.values().get()
    pk = rows[model].pk

    shown = [owner.get(address(model)), owner.get(address(model, "change", pk))]
    posted = [owner.post(address(model, "change", pk), {"state": "done", "reference": "B1"})]
    if model in READ_ONLY:
        posted += [
            owner.post(address(model, "add"), {}),
            owner.post(address(model, "delete", pk), {"post": "yes"}),
        ]

    assert {answer.status_code for answer in shown} == {200}
    assert {answer.status_code for answer in posted} == {403}
    assert model.objects.values().get() == before


@pytest.mark.parametrize("model", PAGES)
def test_pages_show_no_digest_and_no_content(
    owner: Client, rows: dict[Any, Any], model: Any
) -> None:
    pages = [owner.get(address(model)), owner.get(address(model, "change", rows[model].pk))]

    text = "".join(answer.content.decode() for answer in pages)

    assert [secret for secret in ("a" * 64, "Receipt No", "secret-of-") if secret in text] == []


@pytest.mark.parametrize("model", PAGES)
def test_rows_of_other_businesses_are_hidden(owner: Client, other_till: Till, model: Any) -> None:
    theirs = model.objects.latest("pk")

    listed = owner.get(address(model)).context["cl"].result_list
    page = owner.get(address(model, "change", theirs.pk))

    assert theirs.pk not in {row.pk for row in listed}
    assert len(listed) == 1
    assert (page.status_code, page["Location"]) == (302, reverse("admin:index"))


@pytest.mark.parametrize("model", PAGES)
def test_a_cashier_sees_nothing(owner: Client, model: Any) -> None:
    person = baraka()
    person.is_staff = True
    person.save()
    owner.force_login(person)

    assert owner.get(address(model)).status_code == 403


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (InitiatorOrder, "token_digest__startswith"),
        (InitiatorOrder, "till__callback_secret__startswith"),
        (InitiatorOrder, "result_text__contains"),
        (StatementUpload, "sha256__startswith"),
        (StatementUpload, "content__contains"),
        (StatementRow, "posted_key__startswith"),
        (StatementRow, "upload__content__contains"),
        (Reversal, "payment__payer__phone__startswith"),
        (Reversal, "order__token_digest__startswith"),
        (BalanceGap, "after__message__body__contains"),
        (PullRun, "till__previous_secret__startswith"),
        (TiedDay, "till__callback_secret__startswith"),
        (ClosedReference, "till__callback_secret__startswith"),
        (Payment, "payer__name__startswith"),
        (Payment, "message__token_digest__startswith"),
        (Till, "previous_secret__startswith"),
    ],
)
def test_what_is_not_shown_cannot_be_spelled_out_by_filters(
    owner: Client, model: Any, lookup: str
) -> None:
    assert owner.get(address(model), {lookup: "1"}).status_code == 400


def test_a_payment_shows_where_it_was_seen_and_where_it_went(
    owner: Client, rows: dict[Any, Any]
) -> None:
    Payer.objects.update(phone="2547 ***** 101", account_reference="0700000101")
    Allocation.objects.update(undone_at=NOW, undone_reason="The wrong sale.")

    shown = text_of(owner.get(address(Payment, "change", rows[Payment].pk)))

    assert "Confirmation: KES 180, paid 22 Nov 2026 12:00:00" in shown
    assert "W…, 2547 ***** 101, account 2547…101" in shown
    assert "The wrong sale." in shown
    assert "Paid twice." in shown
    assert "WANJIKU" not in shown


def test_a_hash_of_a_phone_is_not_shown(owner: Client, rows: dict[Any, Any]) -> None:
    for phone in ("0ab1" * 16, "0ab1" * 8 + "0a ***** " + "0ab1" * 6 + "0"):
        Payer.objects.update(phone=phone)

        shown = text_of(owner.get(address(Payment, "change", rows[Payment].pk)))

        assert "(hashed)" in shown
        assert "0ab1" not in shown


# Trust


def trust(owner: Client, till: Till, **changes: str) -> Any:
    fields = {"trust": Trust.ADDRESSES, "trusted_up_to": "1,500"} | changes
    return owner.post(address(Till, "change", till.pk), fields)


def test_an_owner_sets_how_far_a_till_is_trusted(owner: Client, shop: Shop) -> None:
    before = Till.objects.values().get()

    answer = trust(owner, shop.till, number="12345", callback_secret="x", business="9")

    assert answer.status_code == 302
    assert Till.objects.values().get() == before | {
        "trust": Trust.ADDRESSES,
        "trusted_up_to_cents": 150_000,
    }
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("amina", str(shop.till.pk))
    assert entry.get_change_message() == (
        "Trusted: The secret address, called from Safaricom's own, up to KES 1,500."
        " It was: The secret address, up to KES 20,000."
    )


@pytest.mark.parametrize("limit", ["", "-1", "much", "1.234"])
def test_a_limit_that_cannot_be_gets_a_sentence(owner: Client, shop: Shop, limit: str) -> None:
    answer = trust(owner, shop.till, trusted_up_to=limit)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["trusted_up_to"]
    assert Till.objects.get().trusted_up_to_cents == 2_000_000


def test_setting_trust_does_not_undo_a_rotation(
    owner: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Till.objects.get()
    rotate_secret(till_id=shop.till.pk, by=a_user("amina"), now=NOW)
    rotated = Till.objects.get().callback_secret
    monkeypatch.setattr("mpesa.admin.tills.TillAdmin.get_object", lambda *args, **kw: stale)

    trust(owner, shop.till)

    till = Till.objects.get()
    assert (till.callback_secret, till.trust) == (rotated, Trust.ADDRESSES)


def test_an_auditor_there_trusts_and_rotates_nothing(owner: Client, other_till: Till) -> None:
    an_auditor_there(other_till)
    before = list(Till.objects.order_by("pk").values())

    page = owner.get(address(Till, "change", other_till.pk))
    posted = trust(owner, other_till)
    acted = act(owner, "rotate", other_till)

    assert (page.status_code, posted.status_code) == (200, 403)
    assert "20,000" in text_of(page)
    assert "does not manage" in text_of(acted)
    assert list(Till.objects.order_by("pk").values()) == before


# Rotation


def act(owner: Client, action: str, *tills: Till) -> Any:
    fields = {"action": action, "_selected_action": [till.pk for till in tills]}
    return owner.post(address(Till), fields, follow=True)


def test_an_owner_rotates_a_secret_and_finishes_it(owner: Client, shop: Shop) -> None:
    old = shop.till.callback_secret

    first = text_of(act(owner, "rotate", shop.till))
    again = text_of(act(owner, "rotate", shop.till))
    between = Till.objects.get()
    finished = text_of(act(owner, "finish", shop.till))
    once_more = text_of(act(owner, "finish", shop.till))

    assert "old and new addresses are valid" in first
    assert "its last rotation is not finished. Finish it first." in again
    assert (between.previous_secret, between.callback_secret != old) == (old, True)
    assert "the old addresses are strangers&#x27; now." in finished
    assert "no rotation is under way." in once_more
    assert Till.objects.get().previous_secret == ""
    assert [e.get_change_message() for e in LogEntry.objects.order_by("pk")] == [
        "A new callback secret; the old one is valid too.",
        "The old callback secret has ended.",
    ]


def test_the_command_leaves_the_same_trace(shop: Shop) -> None:
    amina()

    call_command("rotate_callback_secret", till=shop.till.number, by="amina", verbosity=0)

    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("amina", str(shop.till.pk))


# Closed references


def close(owner: Client, till: Till, **changes: str) -> Any:
    fields = {"till": str(till.pk), "reference": " b-7 x", "reason": "Moved out."} | changes
    return owner.post(address(ClosedReference, "add"), fields)


def test_an_owner_closes_a_reference_and_opens_it_again(owner: Client, shop: Shop) -> None:
    assert close(owner, shop.till).status_code == 302

    closed = ClosedReference.objects.get(reference="B7X")
    assert (closed.by.get_username(), closed.reason) == ("amina", "Moved out.")

    owner.post(address(ClosedReference, "delete", closed.pk), {"post": "yes"})
    assert not ClosedReference.objects.filter(reference="B7X").exists()
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [{"reference": "--"}, {"reference": ""}, {"reason": " "}, {"reference": "a 12"}],
    ids=["no letters", "empty", "no reason", "closed already"],
)
def test_a_reference_that_cannot_be_closed_gets_a_sentence(
    owner: Client, shop: Shop, change: dict[str, str]
) -> None:
    answer = close(owner, shop.till, **change)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert ClosedReference.objects.count() == 1


def test_references_of_other_businesses_are_neither_closed_nor_opened(
    owner: Client, other_till: Till
) -> None:
    an_auditor_there(other_till)
    theirs = ClosedReference.objects.get(till=other_till)

    close(owner, other_till)
    owner.post(address(ClosedReference, "delete", theirs.pk), {"post": "yes"})
    fields = {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"}
    owner.post(address(ClosedReference), fields)

    assert list(ClosedReference.objects.filter(till=other_till)) == [theirs]


# Quarantine


@pytest.fixture
def held(shop: Shop) -> InboundMessage:
    message = a_message(shop.till, body=a_callback(receipt="UKM0000077"), token="nobody")
    understand(message_id=message.pk, now=NOW)
    message.refresh_from_db()
    return message


def let_go(client: Client, message: InboundMessage, reason: str = REASON) -> Any:
    return client.post(address(InboundMessage, "release", message.pk), {"reason": reason})


def test_quarantine_is_a_filter(owner: Client, held: InboundMessage) -> None:
    listed = owner.get(address(InboundMessage), {"state__exact": "quarantined"})

    assert list(listed.context["cl"].result_list) == [held]


def test_an_owner_releases_a_message_with_a_trace(owner: Client, held: InboundMessage) -> None:
    page = address(InboundMessage, "change", held.pk)
    assert "Release…" in text_of(owner.get(page))
    asked = owner.get(address(InboundMessage, "release", held.pk))
    assert held.note in text_of(asked)
    assert "2547…101" in text_of(asked)

    assert let_go(owner, held).status_code == 302

    held.refresh_from_db()
    assert held.state == InboundState.WAITING
    made = Release.objects.get(message=held)
    assert (made.by.get_username(), made.reason) == ("amina", REASON)
    assert LogEntry.objects.get().get_change_message() == f"Released: {REASON}"
    understand(message_id=held.pk, now=NOW)
    assert Payment.objects.filter(receipt="UKM0000077").exists()
    shown = text_of(owner.get(page))
    assert f"by amina: {REASON}" in shown
    assert "Release…" not in shown


@pytest.mark.parametrize("reason", ["", "ok", "Called the customer on 0700 000 101."])
def test_a_release_needs_a_reason_without_a_phone(
    owner: Client, held: InboundMessage, reason: str
) -> None:
    answer = let_go(owner, held, reason)

    assert answer.context["form"].errors["reason"]
    assert not Release.objects.filter(message=held).exists()


def test_what_cannot_be_released_gets_a_sentence(owner: Client, held: InboundMessage) -> None:
    InboundMessage.objects.filter(pk=held.pk).update(body=None)

    assert "Release…" not in text_of(owner.get(address(InboundMessage, "change", held.pk)))
    answer = let_go(owner, held)

    assert "The body of this message was erased" in text_of(answer)
    assert not Release.objects.filter(message=held).exists()


def test_messages_are_not_released_in_bulk(owner: Client, held: InboundMessage) -> None:
    listed = owner.get(address(InboundMessage))

    assert listed.context["action_form"] is None


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ACCOUNTANT, Role.CASHIER, Role.MANAGER])
def test_others_release_nothing(held: InboundMessage, client: Client, role: Role) -> None:
    person = a_user("dalila", duka=role)
    person.is_staff = True
    person.save()
    client.force_login(person)

    answers = [
        client.get(address(InboundMessage, "release", held.pk)),
        let_go(client, held),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert not Release.objects.exists()


def test_an_owner_elsewhere_releases_nothing_here(held: InboundMessage, client: Client) -> None:
    a_business(slug="maji")
    person = a_user("farah", maji=Role.OWNER)
    person.is_staff = True
    person.save()
    client.force_login(person)

    answer = let_go(client, held)

    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
    assert not Release.objects.exists()
