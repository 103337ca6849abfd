"""Which numbers belong to one account: a paybill, or a store with its tills and head office."""

import threading
from dataclasses import dataclass, replace
from typing import Any

from mpesa.simulator.prompts import Push

OUTLETS_MOST = 2_000
TILL = "till"
PAYBILL = "paybill"
BUY_GOODS = "CustomerBuyGoodsOnline"
NAME = "DEMO TRADERS"


@dataclass(frozen=True)
class Outlet:
    """One account that takes money. For tills `shortcode` is the store number, as in messages."""

    shortcode: str
    kind: str = PAYBILL
    tills: tuple[str, ...] = ()
    head_office: str = ""
    name: str = NAME

    @property
    def is_till(self) -> bool:
        return self.kind == TILL

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return all numbers it goes by."""
        return (*filter(None, [self.head_office]), self.shortcode, *self.tills)

    @property
    def main_account(self) -> str:
        """Return the name of the account in which customers' money arrives."""
        return "Merchant Account" if self.is_till else "Utility Account"

    def as_json(self) -> dict[str, Any]:
        """Return it as `GET /sim/outlets` shows it."""
        return {
            "shortcode": self.shortcode,
            "kind": self.kind,
            "tills": list(self.tills),
            "head_office": self.head_office,
            "name": self.name,
        }


class Outlets:
    """All accounts of one world. Who is pushed to, or paid, or set is known from then on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outlets: dict[str, Outlet] = {}
        self._aliases: dict[str, str] = {}

    def at(self, number: str) -> Outlet:
        """Return the account that goes by a number; an unknown one is a paybill."""
        with self._lock:
            return self._at(number) or Outlet(number)

    def set(self, outlet: Outlet) -> Outlet:
        """Say what belongs together, in place of what was known of this shortcode."""
        with self._lock:
            return self._keep(outlet)

    def known(self, number: str, kind: str) -> Outlet:
        """Return the account of a number; an unknown one becomes an account of this kind."""
        with self._lock:
            found = self._at(number)
            if found:
                return found
            return self._keep(Outlet(number, kind, (number,) if kind == TILL else ()))

    def of_push(self, push: Push) -> Outlet:
        """Return the account that a push pays into; it teaches which till a store has."""
        if push.transaction_type != BUY_GOODS:
            return self.known(push.shortcode, PAYBILL)
        with self._lock:
            found = self._at(push.party_b)
            if found and push.shortcode in found.numbers:
                return found
            store = self._at(push.shortcode) or Outlet(push.shortcode)
            tills = (*(till for till in store.tills if till != push.party_b), push.party_b)
            return self._keep(replace(store, kind=TILL, tills=tills))

    def clear(self) -> None:
        """Forget all accounts."""
        with self._lock:
            self._outlets.clear()
            self._aliases.clear()

    def all(self) -> list[Outlet]:
        """Return all accounts that are known."""
        with self._lock:
            return list(self._outlets.values())

    def _at(self, number: str) -> Outlet | None:
        return self._outlets.get(self._aliases.get(number, number))

    def _keep(self, outlet: Outlet) -> Outlet:
        self._outlets[outlet.shortcode] = outlet
        while len(self._outlets) > OUTLETS_MOST:
            oldest = self._outlets.pop(next(iter(self._outlets)))
            for number in oldest.numbers:
                self._aliases.pop(number, None)
        # A head office may have several stores: the first one answers for it.
        self._aliases.update(dict.fromkeys((outlet.shortcode, *outlet.tills), outlet.shortcode))
        if outlet.head_office:
            self._aliases.setdefault(outlet.head_office, outlet.shortcode)
        return outlet
