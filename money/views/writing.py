"""Write a manual journal, a correction, or opening balances."""

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from money.access import Ability
from money.actions.corrections import (
    NOT_BY_HAND,
    AlreadyReversed,
    NoEntry,
    NotByHand,
    NotReversible,
    WrongDay,
)
from money.actions.journals import BadJournal, opening_balances, propose
from money.actions.papers import BadPaper
from money.actions.posting import KeyTaken, NoBook, PeriodLocked, UnknownAccount
from money.chart import Code, parent_of
from money.drafts import TooLong, Unbalanced, UnknownTax
from money.forms.days import BadDay
from money.forms.fields import id_of
from money.forms.journal import (
    FIRST_LINES,
    MORE_LINES,
    MOST_OPENING_LINES,
    Incomplete,
    TypedJournal,
    TypedLine,
    read_journal,
    read_opening,
    typed_journal,
    typed_lines,
    with_room,
)
from money.models import Account, AccountKind, Business, Entry, Journal, JournalState, TaxClass
from money.views.doors import Reader, fields_of, opened_by, paper_of
from money.views.entries import find_entry

REFUSALS = (
    AlreadyReversed,
    BadDay,
    BadJournal,
    BadPaper,
    Incomplete,
    KeyTaken,
    NoBook,
    NoEntry,
    NotByHand,
    NotReversible,
    PeriodLocked,
    TooLong,
    Unbalanced,
    UnknownAccount,
    UnknownTax,
    WrongDay,
)
OPENING = "opening"


@opened_by(Ability.KEEP_BOOKS)
@require_http_methods(["GET", "POST"])
def new_journal(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Write a journal for one business: the address says which, and what it corrects."""
    kept = reader.where(Ability.KEEP_BOOKS)
    corrected = _corrected(request, reader)
    slug = corrected.business.slug if corrected else request.GET.get("b", "")
    if not slug and len(kept) > 1:
        return render(request, "money/new_journal_where.html", _places(request, kept))
    business = reader.business(slug, Ability.KEEP_BOOKS) if slug else kept[0]
    is_opening = request.GET.get("kind") == OPENING and not corrected
    if request.method == "GET":
        typed = _first(business, corrected, is_opening=is_opening)
        return _page(request, business, typed, corrected, is_opening=is_opening)
    typed = typed_journal(fields_of(request))
    if request.POST.get("do") == "add":
        typed = replace(typed, lines=with_room(typed.lines, MORE_LINES))
        return _page(request, business, typed, corrected, is_opening=is_opening)
    try:
        journal = _propose(request, reader, business, typed, corrected, is_opening=is_opening)
    except REFUSALS as refusal:
        if isinstance(refusal, KeyTaken):
            # Said once; pressed again, it is another journal.
            typed = replace(typed, key=uuid.uuid4().hex)
        return _page(request, business, typed, corrected, is_opening=is_opening, refusal=refusal)
    messages.success(request, _said(journal))
    return redirect("money:journal", journal.pk)


def _said(journal: Journal) -> str:
    """Return what became of a form; a paper that never arrived is missed at once."""
    bare = "" if journal.attachment_id else ", without a paper"
    if journal.state == JournalState.POSTED:
        return f"Posted{bare}."
    return f"Kept{bare}. It is above the limit and waits for a second person."


def _propose(
    request: HttpRequest,
    reader: Reader,
    business: Business,
    typed: TypedJournal,
    corrected: Entry | None,
    *,
    is_opening: bool,
) -> Journal:
    """Propose what was typed, once, whatever number of times the form is sent."""
    paper, now = paper_of(request), timezone.now()
    if is_opening:
        read = read_opening(typed)
        return opening_balances(
            business=business,
            day=read.day,
            lines=read.lines,
            proposed_by=reader.user,
            at=now,
            paper=paper,
            key=read.key,
        )
    read = read_journal(typed)
    return propose(
        business=business,
        occurred_on=read.day,
        description=read.description,
        lines=read.lines,
        proposed_by=reader.user,
        at=now,
        paper=paper,
        corrects_id=corrected.pk if corrected else None,
        key=read.key,
    )


def _corrected(request: HttpRequest, reader: Reader) -> Entry | None:
    text = request.GET.get("corrects", "")
    if not text:
        return None
    return find_entry(reader, id_of(text))


def _first(business: Business, corrected: Entry | None, *, is_opening: bool) -> TypedJournal:
    """Return the form as it is first shown: empty, or what is to be corrected."""
    today = timezone.localdate()
    typed = TypedJournal(key=uuid.uuid4().hex, day=today.isoformat())
    if is_opening:
        return replace(typed, lines=_opening_lines(business))
    if corrected is None:
        return replace(typed, lines=with_room([]))
    rows = corrected.lines.order_by("pk").values_list("account__code", "amount_cents", "tax_class")
    return replace(
        typed,
        day=corrected.occurred_on.isoformat(),
        description=corrected.description,
        lines=with_room(typed_lines(list(rows)), more=1),
    )


def _opening_lines(business: Business) -> list[TypedLine]:
    """Return a line per account; of a chart too large for a form, of what the books begin with."""
    kept = {*NOT_BY_HAND, Code.OPENING_BALANCES}
    codes = business.accounts.order_by("code").values_list("code", flat=True)
    open_to = [code for code in codes if parent_of(code) not in kept]
    if len(open_to) > MOST_OPENING_LINES:
        open_to = [code for code in open_to if code.startswith(("1", "2", "3"))]
    return [TypedLine(n, code) for n, code in enumerate(open_to[:MOST_OPENING_LINES], 1)]


def _places(request: HttpRequest, kept: list[Business]) -> dict[str, Any]:
    is_opening = request.GET.get("kind") == OPENING
    return {"businesses": kept, "is_opening": is_opening}


def _page(
    request: HttpRequest,
    business: Business,
    typed: TypedJournal,
    corrected: Entry | None,
    *,
    is_opening: bool,
    refusal: Exception | None = None,
) -> HttpResponse:
    accounts = list(business.accounts.order_by("code"))
    by_hand = [a for a in accounts if parent_of(a.code) not in NOT_BY_HAND]
    names = {account.code: account for account in accounts}
    context = {
        "business": business,
        "typed": typed,
        "corrected": corrected,
        "is_opening": is_opening,
        "groups": _grouped(by_hand),
        "fixed": _fixed(typed.lines, names) if is_opening else [],
        "left_out": _left_out(by_hand, typed.lines) if is_opening else [],
        "letters": TaxClass.choices,
        "refusal": refusal,
        "refused_paper": bool(refusal and request.FILES),
        "first_lines": FIRST_LINES,
        "limit_cents": business.approval_above_cents,
    }
    return render(request, "money/new_journal.html", context, status=422 if refusal else 200)


def _left_out(accounts: list[Account], lines: list[TypedLine]) -> list[Account]:
    """Return the accounts that the form of the opening balances has no line for."""
    there = {line.code for line in lines}
    return [
        account
        for account in accounts
        if account.code not in there and parent_of(account.code) != Code.OPENING_BALANCES
    ]


def _grouped(accounts: list[Account]) -> list[tuple[str, list[Account]]]:
    """Return (kind, its accounts), in the order of the chart."""
    return [
        (str(kind.label), [account for account in accounts if account.kind == kind])
        for kind in AccountKind
    ]


def _fixed(
    lines: list[TypedLine], names: dict[str, Account]
) -> list[tuple[str, list[tuple[TypedLine, Account]]]]:
    """Return (kind, [(line, its account)]) for a form with a line per account."""
    known = [(line, names[line.code]) for line in lines if line.code in names]
    return [
        (str(kind.label), [pair for pair in known if pair[1].kind == kind]) for kind in AccountKind
    ]
