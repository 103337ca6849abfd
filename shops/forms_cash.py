"""What the cash pages' forms send, read once; every refusal is a sentence for who counts."""

from collections.abc import Mapping

from money.actions.papers import Paper
from money.cents import NotAnAmount, parse_shillings
from money.forms.fields import id_of, is_form_key
from shops.actions.cash_moves import Wish
from shops.cash_reasons import BadCount, read_counts

FIELD = "n-"


def read_key(fields: Mapping[str, str]) -> str:
    """Return the one-time key of a form. Raises BadCount."""
    key = fields.get("key", "")
    if not is_form_key(key):
        raise BadCount("This page is incomplete. Reload it and fill it in again.")
    return key


def read_count(fields: Mapping[str, str]) -> dict[str, int]:
    """Return pieces by note and coin from fields named "n-1000". Raises BadCount.

    Nothing at all is no count: an empty drawer is counted by a 0.
    """
    typed = {name.removeprefix(FIELD): text for name, text in fields.items() if FIELD in name[:2]}
    if not any(text.strip() for text in typed.values()):
        raise BadCount("Count the notes and coins. Where there is nothing at all, write one 0.")
    return read_counts(typed)


def read_left(fields: Mapping[str, str]) -> int | None:
    """Return the cents that stay in the drawer, None where nothing is said. Raises NotAnAmount."""
    text = fields.get("left", "")
    return parse_shillings(text) if text.strip() else None


def read_move(fields: Mapping[str, str], paper: Paper | None) -> Wish:
    """Return the cash that is to be moved. Raises BadCount, NotAnAmount."""
    kind, _, reason = fields.get("what", "").partition(":")
    if not fields.get("amount", "").strip():
        raise NotAnAmount("Write how much money it is, in shillings.")
    return Wish(
        key=read_key(fields),
        kind=kind,
        reason=reason,
        cents=parse_shillings(fields["amount"]),
        note=fields.get("note", ""),
        corrects_z=id_of(fields.get("z", "").strip()) or None,
        paper=paper,
    )


def read_drawer(text: str) -> int | None:
    """Return the id of a drawer from a cookie or a field, None for what is none."""
    return id_of(text) or None
