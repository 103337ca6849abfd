"""The people who pay: their names, and the forms in which Safaricom shows their phones. Pure."""

import hashlib
import secrets
from dataclasses import dataclass

FIRST = ("ACHIENG", "OTIENO", "MARY", "KAMAU", "WANJIKU", "JUMA", "HALIMA", "KIPROTICH")
MIDDLE = ("WANJIRU", "NJERI", "MWENDE", "OUMA", "CHEBET", "ALI")
LAST = "DEMO"
BANK = "B2C DEMO BANK"
BANK_NUMBER = "600755"
PHONE_FORMS = ("masked", "full", "hashed", "hash_masked")
MIXED = "mixed"
BY_VERSION = "by_version"


@dataclass(frozen=True)
class Payer:
    """Who pays. All of them are invented."""

    phone: str
    first: str
    middle: str
    last: str

    @property
    def names(self) -> str:
        return " ".join(name for name in (self.first, self.last) if name)

    @property
    def all_names(self) -> str:
        return " ".join(name for name in (self.first, self.middle, self.last) if name)


def payer_of(phone: str, name: str = "") -> Payer:
    """Return who holds a phone: always the same person, or the one that `name` gives."""
    if name:
        first, *others = name.upper().split()
        return Payer(phone, first, " ".join(others[:-1]), others[-1] if others else "")
    number = int(phone[-6:])
    return Payer(phone, FIRST[number % len(FIRST)], MIDDLE[number % len(MIDDLE)], LAST)


def masked(phone: str) -> str:
    """Return a phone as confirmations mask it: 2547 ***** 126."""
    return f"{phone[:4]} ***** {phone[-3:]}"


def hashed(phone: str) -> str:
    """Return the SHA-256 of the twelve digits, as C2B v1 sends it."""
    return hashlib.sha256(phone.encode()).hexdigest()


def shown(phone: str, form: str, version: str = "v2") -> str:
    """Return a phone in one of `PHONE_FORMS`, in any of them, or as a version of C2B has it."""
    if form == BY_VERSION:
        form = "hashed" if version == "v1" else "masked"
    if form == MIXED:
        form = secrets.choice(PHONE_FORMS)
    if form == "masked":
        return masked(phone)
    if form == "full":
        return phone
    digest = hashed(phone)
    # 34 digits, the mask, 25 digits: five of the 64 are lost.
    return digest if form == "hashed" else f"{digest[:34]} ***** {digest[-25:]}"


def on_statement(phone: str) -> str:
    """Return a phone as the new statement has it: 2547****101."""
    return f"{phone[:4]}****{phone[-3:]}"


def on_old_statement(phone: str, *, pushed: bool) -> str:
    """Return a phone as the old statement has it: 25470****101 of a push, else 070****101."""
    return f"{phone[:5] if pushed else '0' + phone[3:5]}****{phone[-3:]}"
