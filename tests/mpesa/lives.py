"""One short life of a shop on the real actions and database, beside Safaricom in memory.

An event is (what, which, how, death): `which` and `how` choose among what there is, and a `death`
above zero kills the worker before that statement of its work; the sweep finds what it left.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import time_machine
from django.db import connection

from money.models import User
from mpesa.actions.inbound import receive
from mpesa.actions.nets import pull_recent
from mpesa.actions.payments import Seen, record_payment
from mpesa.actions.requests import AlreadyAsking
from mpesa.actions.reversals import NotReversible, propose_reversal
from mpesa.addresses import KINDS
from mpesa.models import (
    Allocation,
    InboundMessage,
    InboundState,
    Payment,
    PaymentRequest,
    RequestState,
    Sighting,
    Source,
    Till,
)
from periodic import tasks
from shops.actions.settle import NotOpen, StillAsking, ask_mpesa, take_cash
from shops.models import Method, Sale, SaleState, Tender
from tests.mpesa.other_side import Fact, Letter, Safaricom, c2b_body, result_body, stk_body

CHANNELS = {kind.word: kind.channel for kind in KINDS}
FORGED = "FORGED0001"
MENU_SHILLINGS = (180, 500, 65, 25_000)
PAUSES = (1, 15, 75, 130, 400, 3_700)
PHONE = "254700000101"
UNBALANCED = "SELECT 1 FROM money_line GROUP BY entry_id HAVING sum(amount_cents) <> 0"
HELD = "SELECT receipt, amount_cents, reversed_cents, allocated_cents FROM mpesa_payment"
PAID = "SELECT id FROM mpesa_paymentrequest WHERE state = 'paid'"


class Died(BaseException):
    """The worker was killed: nothing after this ran."""


class Setting(NamedTuple):
    """What every life begins with."""

    till: Till
    owner: User
    cashier: User
    sales: tuple[Sale, ...]


class Faults(logging.Handler):
    """What the tasks caught and logged: a row that fails once fails in every sweep."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


@contextmanager
def dying(statements: int) -> Iterator[None]:
    """Kill whoever works within before its nth statement; 0 is never."""
    left = statements

    def count_down(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal left
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            left -= 1
            if left == 0:
                raise Died
        return execute(sql, *rest)

    if not statements:
        yield
        return
    try:
        with connection.execute_wrapper(count_down):
            yield
    except Died:
        return


class Life:
    """Plays events, holds what must always hold, and compares the end with the other side."""

    def __init__(self, setting: Setting, side: Safaricom, clock: time_machine.Coordinates) -> None:
        self.setting, self.side, self.clock = setting, side, clock
        self.faults = Faults()
        self.delivered: set[int] = set()
        self.paid: set[int] = set()
        self.cash: set[int] = set()
        self.forgeries: set[int] = set()
        self.asked = 0
        side.deliver = self.deliver
        self.events = (
            self.ask_phones,
            self.decide,
            self.pay_from_menu,
            self.hand_over,
            self.hand_over,
            self.take_in,
            self.sweep,
            self.pass_time,
            self.forge,
            self.pull,
            self.read_statement,
            self.propose,
            self.reverse_outside,
            self.pay_cash,
            self.ask_again,
        )

    def play(self, what: int, which: int, how: int, death: int) -> None:
        self.side.mood = how
        with dying(death):
            self.events[what % len(self.events)](which, how)
        self.check()

    # What people do.

    def ask_again(self, which: int, how: int) -> None:
        sale = self.setting.sales[which % len(self.setting.sales)]
        self.asked += 1
        try:
            ask_mpesa(
                sale_id=sale.pk,
                key=f"again-{self.asked}",
                phone=PHONE,
                by=self.setting.cashier,
                now=self.side.now,
            )
        except (StillAsking, NotOpen, AlreadyAsking):
            return

    def pay_cash(self, which: int, how: int) -> None:
        sale = self.setting.sales[which % len(self.setting.sales)]
        try:
            take_cash(
                sale_id=sale.pk, given_cents=100_000, by=self.setting.cashier, now=self.side.now
            )
        except (StillAsking, NotOpen):
            return
        self.cash.add(sale.pk)

    def propose(self, which: int, how: int) -> None:
        if (fact := self._fact(which)) is None:
            return
        payment = Payment.objects.filter(receipt=fact.receipt).first()
        if payment is None:
            return
        try:
            propose_reversal(
                payment_id=payment.pk,
                amount_cents=fact.cents if how % 2 else fact.cents // 200 * 100,
                reason="Paid twice",
                by=self.setting.owner,
                now=self.side.now,
            )
        except NotReversible:
            return

    # What happens at Safaricom.

    def decide(self, which: int, how: int) -> None:
        if self.side.prompts:
            self.side.decide(self.side.prompts[which % len(self.side.prompts)], how)

    def pay_from_menu(self, which: int, how: int) -> None:
        self.side.pay(MENU_SHILLINGS[how % len(MENU_SHILLINGS)] * 100)

    def reverse_outside(self, which: int, how: int) -> None:
        if fact := self._fact(which):
            self.side.give_back(fact, fact.left if how % 2 else fact.cents // 200 * 100)

    def pass_time(self, which: int, how: int) -> None:
        self.side.pass_time(PAUSES[how % len(PAUSES)])
        self.clock.move_to(self.side.now)

    # What arrives, and what our workers do.

    def hand_over(self, which: int, how: int) -> None:
        if self.side.letters:
            self.deliver(self.side.letters[which % len(self.side.letters)])

    def deliver(self, letter: Letter) -> InboundMessage:
        message = receive(
            channel=CHANNELS[letter.word],
            till=self.setting.till,
            token=letter.token,
            body=letter.body,
            address="196.201.214.200",
            headers={},
            received_at=self.side.now,
        )
        if letter.proves is not None:
            self.delivered.add(letter.proves)
        return message

    def ask_phones(self, which: int, how: int) -> None:
        tasks.ask_phones.call_local()

    def take_in(self, which: int, how: int) -> None:
        tasks.take_in.call_local()

    def sweep(self, which: int, how: int) -> None:
        tasks.sweep.call_local()

    def pull(self, which: int, how: int) -> None:
        pull_recent(till=self.setting.till, hours=48, now=self.side.now)

    def read_statement(self, which: int, how: int) -> None:
        if fact := self._fact(which):
            self._record(fact)

    def _record(self, fact: Fact) -> None:
        seen = Seen(
            source=Source.STATEMENT,
            till=self.setting.till,
            receipt=fact.receipt,
            amount_cents=fact.cents,
            paid_at=fact.at,
        )
        record_payment(seen, recorded_at=self.side.now)

    def _fact(self, which: int) -> Fact | None:
        facts = list(self.side.facts.values())
        return facts[which % len(facts)] if facts else None

    # What strangers send.

    def forge(self, which: int, how: int) -> None:
        """Send one of what a forger could think of; none of it may ever be believed."""
        now, prompts = self.side.now, self.side.prompts
        prompt = prompts[which % len(prompts)] if prompts else None
        known = prompt and PaymentRequest.objects.filter(checkout_request_id=prompt.checkout_id)
        letter = None
        if how % 6 == 0:
            checkout_id, cents = (
                (prompt.checkout_id, prompt.cents) if prompt else ("ws_CO_0", 18_000)
            )
            body = stk_body(checkout_id, "0", FORGED, cents, now)
            letter = Letter("stk", ("", "guessed")[which % 2], body)
        elif how % 6 == 1 and prompt:
            body = stk_body(prompt.checkout_id, "0", FORGED, prompt.cents + 100, now)
            letter = Letter("stk", prompt.token, body)
        elif how % 6 == 2:
            letter = Letter("confirm", "", c2b_body(FORGED, 18_000, now, shortcode="600991"))
        elif how % 6 == 3:
            letter = Letter("confirm", "", c2b_body(FORGED, 2_000_100, now))
        elif how % 6 == 4 and prompt and known and known.exists():
            body = stk_body("ws_CO_another", "0", FORGED, prompt.cents, now)
            letter = Letter("stk", prompt.token, body)
        elif how % 6 == 5:
            told = {"TransactionStatus": "Completed", "Amount": 180, "ReceiptNo": FORGED}
            body = result_body({"ConversationID": "AG_0"}, code=0, parameters=told)
            letter = Letter("result", "guessed", body)
        if letter:
            self.forgeries.add(self.deliver(letter).pk)

    # What must hold.

    def check(self) -> None:
        """Hold the sums, one entry per payment, and what was once paid."""
        assert self.faults.found == []
        assert (
            rows("SELECT 1 FROM money_line GROUP BY entry_id HAVING sum(amount_cents) <> 0") == []
        )
        held = rows(
            "SELECT receipt, amount_cents, reversed_cents, allocated_cents FROM mpesa_payment"
        )
        assert sum(cents - back - used for _, cents, back, used in held) == -balance("2130")
        assert sum(cents - back for _, cents, back, _ in held) == balance("1100")
        for receipt, cents, *_ in held:
            assert self.side.facts[receipt].cents == cents
        now_paid = {
            # One that only a guess calls paid may turn out to be unknown.
            pk
            for (pk,) in rows(
                "SELECT id FROM mpesa_paymentrequest WHERE state = 'paid' AND result_code = '0'"
            )
        }
        assert self.paid <= now_paid
        self.paid = now_paid

    def end(self) -> None:
        """Deliver all that is genuine once more by statement and pull; then compare the books."""
        side = self.side
        for prompt in side.prompts:
            side.decide(prompt, 3)
        side.mood = 0
        side.pass_time(600)
        self.clock.move_to(side.now)
        tasks.sweep.call_local()  # a reversal that waits to be sent is done before the last pull
        for fact in list(side.facts.values())[::2]:
            self._record(fact)
        pull_recent(till=self.setting.till, hours=48, now=side.now)
        tasks.take_in.call_local()
        self.check()
        self._compare_money()
        self._compare_requests()
        self._compare_sales()

    def _compare_money(self) -> None:
        facts = self.side.facts
        found = Payment.objects.values_list("receipt", "amount_cents", "reversed_cents")
        assert {receipt: cents for receipt, cents, _ in found} == {
            receipt: fact.cents for receipt, fact in facts.items()
        }
        assert {receipt: back for receipt, _, back in found} == {
            receipt: fact.cents - fact.left for receipt, fact in facts.items()
        }
        assert balance("1100") == sum(fact.left for fact in facts.values())
        assert not Sighting.objects.filter(receipt=FORGED).exists()
        assert rows(f"SELECT 1 FROM money_entry WHERE source = '{FORGED}'") == []
        messages = InboundMessage.objects
        assert not messages.filter(state=InboundState.WAITING).exists()
        held = messages.filter(state=InboundState.QUARANTINED)
        assert set(held.values_list("pk", flat=True)) >= self.forgeries

    def _compare_requests(self) -> None:
        """A prompt whose success was delivered has its payment; another one at most one like it."""
        prompts = [self.side.prompts[number] for number in self.delivered]
        proven = {
            (prompt.checkout_id, RequestState.PAID, prompt.fact.receipt)
            for prompt in prompts
            if prompt.fact
        }
        joined = PaymentRequest.objects.exclude(payment=None).select_related("payment")
        assert proven <= {
            (request.checkout_request_id, request.state, request.payment.receipt)
            for request in joined
        }
        assert all(request.amount_cents == request.payment.amount_cents for request in joined)

    def _compare_sales(self) -> None:
        """A sale is settled once, by cash or by a payment that was asked for it; 1300 agrees."""
        live = Allocation.objects.filter(undone_at=None)
        due = 0
        for sale in Sale.objects.filter(pk__in=[sale.pk for sale in self.setting.sales]):
            own = Payment.objects.filter(request__reference=sale.reference)
            matched = [match.amount_cents for match in live.filter(reference=sale.reference)]
            by_cash = Tender.objects.filter(sale=sale, method=Method.CASH).exists()
            assert by_cash is (sale.pk in self.cash)
            assert matched in ([], [sale.total_cents])
            assert not (by_cash and matched)
            if sale.state == SaleState.OPEN:
                assert not matched
                assert not own.filter(reversed_cents=0).exists()
            elif not by_cash:
                due += sale.total_cents - sum(matched)
                assert matched or own.exclude(reversed_cents=0).exists()
        assert balance("1300") == due


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def balance(code: str) -> int:
    (found,) = rows(
        "SELECT coalesce(sum(l.amount_cents), 0) FROM money_line l"
        f" JOIN money_account a ON a.id = l.account_id WHERE a.code = '{code}'"
    )
    return int(found[0])
