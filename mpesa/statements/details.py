"""What the column Details packs together: the type, the party, the account (REFERENCE 7.2)."""

import re
from dataclasses import dataclass

from mpesa.masking import mask_phone
from mpesa.statements.rows import RowKind

# How a customer's or an organisation's payment begins. Pay Bill, its bank and overdraft variants,
# and what tills show; "Merchant Payment" and the standing order were seen in files of tills.
_PAYMENT = re.compile(
    r"(?:(?:small business |business )?pay (?:bill|merchant|utility)|standing order pay bill"
    r"|merchant pay utility received|fsi to pay bill|(?:customer |online )?merchant payment"
    r"|merchant to merchant payment|(?:business )?buy goods|organization to organization transfer)"
    r"(?: online| received| fuliza m-?pesa| with od| via (?:api|stk|web))*"
)
_SHAPE = re.compile(
    r"(?P<type>[^\d*]{2,80}?) (?P<by>from|by)(?: -)? (?P<rest>.+)", re.IGNORECASE | re.DOTALL
)
_CHARGE = re.compile(r"[a-z ]*\bcharges?\b(?! reversal)")
_REVERSAL = re.compile(r"\brevers(?:al|ed)\b")
_TO_BANK = re.compile(r"[a-z ]*\b(?:withdrawal of funds|settlement|account) to bank\b")
_SWEEP = re.compile(r"([a-z ]+?) account to ([a-z ]+?)(?: account)?")
_VIA = re.compile(r"\s+via\s+[A-Z]{2,10}\s+by\s+\S.*$")
_ACCOUNT = re.compile(r"(?:^|\s)Acc\.(?=\s|$)")
# REFERENCE 0.2: year, month A-L, day 1-9 or A-V; a name of ten capitals has no digit.
RECEIPT = re.compile(r"\b(?=[A-Z]*\d)[A-Z][A-L][1-9A-V][A-Z0-9]{7}\b")

_PARTY = re.compile(r"(?P<number>\+?[\d*][\d* ]*[\d*])(?:(?:\s*-\s*|\s+)(?P<name>.*))?", re.DOTALL)
_LONGEST_SHORTCODE = 8


@dataclass(frozen=True, slots=True)
class Details:
    """`type` as written, "" where the text has no party; `party` is `2547****101 - NAME`."""

    type: str
    party: str = ""
    account: str = ""


def parse_details(text: str) -> Details:
    """Return the parts of `<type> from|by <party> - <name> Acc. <account>[ via <channel> by ...]`.

    Names may hold "Acc." as well, so the last one divides.
    """
    shape = _SHAPE.fullmatch(text)
    if not shape:
        return Details(text)
    party, account = shape["rest"], ""
    if marks := list(_ACCOUNT.finditer(party)):
        account = _VIA.sub("", party[marks[-1].end() :]).strip()
        party = party[: marks[-1].start()]
    return Details(shape["type"], party.strip(), account)


def type_of(details: str) -> str:
    """Return what a page may show of Details: `Pay Bill Online`, without party and account."""
    return parse_details(details).type


def kind_of(
    details: str, reason_type: str, *, paid_in: int, withdrawn: int, own: str = ""
) -> RowKind:
    """Return the kind of a row by its texts and amounts in cents; `own` is our shortcode.

    A payment is money in and a known type. Where Details is empty, the old layout's reason type
    speaks for it.
    """
    low, reason = details.casefold(), reason_type.casefold()
    parts = parse_details(details)
    if is_reversal(low, reason, parts, out=bool(withdrawn)):
        return RowKind.REVERSAL
    if paid_in and _is_payment(parts, reason):
        from_us = own and parts.party.partition(" ")[0] == own
        return RowKind.SWEEP_INTERNAL if from_us else RowKind.PAYMENT
    if _CHARGE.match(low):
        return RowKind.CHARGE
    if _TO_BANK.match(low) and withdrawn:
        return RowKind.TO_BANK
    if sweep_ends(details):
        return RowKind.SWEEP_INTERNAL
    return RowKind.OTHER


def is_reversal(low: str, reason: str, parts: Details, *, out: bool) -> bool:
    """Tell a reversal from a payment whose payer or account merely contains the word."""
    if _CHARGE.match(low):
        return False
    # No payment of a customer takes money out, so there the whole text counts.
    text = low[: low.rfind(" acc. ")] if out and " acc. " in low else low if out else parts.type
    return bool(_REVERSAL.search(text.casefold()) or _REVERSAL.search(reason))


def _is_payment(parts: Details, reason: str) -> bool:
    if parts.party:
        return bool(_PAYMENT.fullmatch(parts.type.casefold()))
    return not parts.type and bool(_PAYMENT.fullmatch(reason))


def sweep_ends(details: str) -> tuple[str, str] | None:
    """Return from and to of `Utility Account to Organization Settlement Account`, in lower case."""
    match = _SWEEP.fullmatch(details.casefold())
    return (match[1], match[2]) if match else None


def named_receipt(details: str, own: str) -> str:
    """Return the receipt that a reversal names beside its own, or ""."""
    return next((found for found in RECEIPT.findall(details) if found != own), "")


def mask_party(text: str) -> str:
    """Return a party for a page: `2547…101 A. D.`; a shortcode and its name are public and stay."""
    match = _PARTY.fullmatch(text.strip())
    if not match:
        return text if len(text) <= 3 else _initials(text)  # noqa: PLR2004 "SP" is Safaricom
    number, name = match["number"].replace(" ", ""), (match["name"] or "").strip()
    if "*" not in number and len(number) <= _LONGEST_SHORTCODE:
        return text.strip()
    return f"{mask_phone(number)} {_initials(name)}".strip()


def _initials(name: str) -> str:
    return " ".join(f"{word[0].upper()}." for word in name.split() if word[0].isalpha())
