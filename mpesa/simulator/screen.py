"""What a phone shows: the question, and the messages that arrived. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from mpesa.simulator import ids
from mpesa.simulator.menu import Attempt
from mpesa.simulator.prompts import Prompt

PHONE = re.compile(r"(?:\+?254|0)?([17][0-9]{8})")
SEPARATORS = re.compile(r"[\s()-]+")
MESSAGES_SHOWN = 6

FAILURES = {
    "1": "Failed. You do not have enough money in your M-PESA account to pay Ksh{amount}.00.",
    "1032": "You cancelled the payment of Ksh{amount}.00 to {payee}.",
    "1037": "You did not answer in time. Nothing was paid to {payee}.",
    "2001": "Failed. You have entered the wrong M-PESA PIN. Nothing was paid to {payee}.",
}
OTHER_FAILURE = "Failed. Ksh{amount}.00 to {payee} could not be paid: {text}"


@dataclass(frozen=True)
class Message:
    """One SMS on the phone."""

    text: str
    at: datetime
    paid: bool


@dataclass(frozen=True)
class Question:
    """The open prompt as the customer reads it."""

    name: str
    amount: str
    payee: str
    reference: str
    seconds: int
    seconds_of: int


@dataclass(frozen=True)
class PhoneLine:
    """One phone in the list of phones."""

    number: str
    rings: bool
    count: int


def number_of(typed: str) -> str:
    """Return a phone as 2547XXXXXXXX, however a Kenyan types it, or an empty text."""
    found = PHONE.fullmatch(SEPARATORS.sub("", typed))
    return f"254{found[1]}" if found else ""


def spoken(number: str) -> str:
    """Return a number as Kenyans write it: 0712 345 678."""
    return f"0{number[3:6]} {number[6:9]} {number[9:]}"


def question(prompts: list[Prompt], now: datetime) -> Question | None:
    """Return the question that is on the screen, if any."""
    for prompt in prompts:
        if prompt.on_screen:
            push = prompt.push
            return Question(
                name=prompt.checkout_request_id,
                amount=f"KES {push.amount:,}",
                payee=push.party_b,
                reference=push.reference,
                seconds=_seconds_left(prompt, now),
                seconds_of=int((prompt.closes_at - prompt.opened_at).total_seconds()),
            )
    return None


def ignored_seconds(prompts: list[Prompt], now: datetime) -> int:
    """Return how long an ignored prompt still blocks the phone, or 0."""
    return max((_seconds_left(p, now) for p in prompts if p.open and p.ignored), default=0)


def messages(prompts: list[Prompt], attempts: list[Attempt]) -> list[Message]:
    """Return the newest messages, newest first. What was never shown leaves no message."""
    found = [
        Message(_text(prompt), prompt.decided_at, prompt.outcome.paid)
        for prompt in prompts
        if prompt.outcome and prompt.decided_at and prompt.rings
    ]
    found += [
        Message(_menu_text(attempt), attempt.decided_at, attempt.state == "paid")
        for attempt in attempts
        if attempt.decided_at
    ]
    return sorted(found, key=lambda message: message.at, reverse=True)[:MESSAGES_SHOWN]


def phone_lines(prompts: list[Prompt], attempts: list[Attempt]) -> list[PhoneLine]:
    """Return each phone once, the one with the newest request or payment first."""
    seen = [(prompt.opened_at, prompt.push.phone, prompt.on_screen) for prompt in prompts]
    seen += [(attempt.at, attempt.order.phone, False) for attempt in attempts]
    by_number: dict[str, list[bool]] = {}
    for _, number, rings in sorted(seen, reverse=True):
        by_number.setdefault(number, []).append(rings)
    return [PhoneLine(number, any(own), len(own)) for number, own in by_number.items()]


def _seconds_left(prompt: Prompt, now: datetime) -> int:
    return max(0, int((prompt.closes_at - now).total_seconds()))


def _text(prompt: Prompt) -> str:
    assert prompt.outcome
    assert prompt.decided_at
    push = prompt.push
    amount = f"{push.amount:,}"
    if prompt.outcome.paid:
        payee = f"{push.party_b} for {push.reference}"
        return _confirmed(prompt.receipt or "", amount, payee, prompt.decided_at)
    sentence = FAILURES.get(str(prompt.outcome.code), OTHER_FAILURE)
    return sentence.format(amount=amount, payee=push.party_b, text=prompt.outcome.text)


def _menu_text(attempt: Attempt) -> str:
    assert attempt.decided_at
    order = attempt.order
    amount = f"{order.shillings:,}"
    payee = f"{order.number} for {order.reference}" if order.reference else order.number
    if attempt.state == "paid":
        return _confirmed(attempt.receipt, amount, payee, attempt.decided_at)
    return f"Failed. Ksh{amount}.00 was not paid to {payee}: {attempt.reason.rstrip('.')}."


def _confirmed(receipt: str, amount: str, payee: str, at: datetime) -> str:
    local = at.astimezone(ids.EAT)
    day = f"{local.day}/{local.month}/{local:%y} at {local:%I:%M %p}".replace(" 0", " ")
    return (
        f"{receipt} Confirmed. Ksh{amount}.00 paid to {payee} on {day}. Transaction cost, Ksh0.00."
    )
