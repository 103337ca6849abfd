"""What the tests of the books' pages share: who signs in, and how a page is read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.test import Client

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft, DraftLine, Posted
from money.models import Business, EntryKind, Role, User
from tests.make import NOW, TODAY, a_user

SEERS = [Role.OWNER, Role.ACCOUNTANT, Role.AUDITOR]
KEEPERS = [Role.OWNER, Role.ACCOUNTANT]
CLOSERS = [Role.OWNER, Role.MANAGER, Role.ACCOUNTANT]
OTHERS = [Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER]


def person(role: str, *slugs: str) -> User:
    places = slugs or ("duka",)
    name = f"{role}-of-{'-'.join(places)}"
    there = User.objects.filter(username=name).first()
    return there or a_user(name, **dict.fromkeys(places, role))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def as_role(role: str, *slugs: str) -> Client:
    return client_of(person(role, *slugs))


def text_of(response: Any) -> str:
    """Return a page's words, without its tags, as its reader sees them."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def refusal_of(response: Any) -> str:
    """Return the sentence that the page refuses with."""
    found = re.findall(r'<p class="refusal" role="alert">(.*?)</p>', response.content.decode())
    assert len(found) == 1, found
    return unescape(re.sub(r"<[^>]+>", "", found[0]))


def field_of(response: Any, name: str) -> str:
    """Return the value of a form's field."""
    match = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', response.content.decode())
    assert match, name
    return unescape(match[1])


def an_adjustment(
    business: Business, *, lines: list[DraftLine], key: str = "journal:900", **changes: Any
) -> Posted:
    """Post what a journal by hand would."""
    facts: dict[str, Any] = {
        "occurred_on": TODAY,
        "description": "By hand",
        "kind": EntryKind.ADJUSTMENT,
    }
    return post(Draft(business=business, key=key, lines=lines, **(facts | changes)), posted_at=NOW)


def a_sale_entry(business: Business, *, key: str, cents: int = 11_600, **changes: Any) -> Posted:
    """Post a sale with its VAT under letter B."""
    vat = cents * 16 // 116
    facts: dict[str, Any] = {"occurred_on": TODAY, "description": f"Sale {key}"}
    lines: list[DraftLine] = [
        (Code.CASH_DRAWER, cents),
        (Code.SALES_RETAIL, vat - cents, "B"),
        (Code.OUTPUT_VAT, -vat, "B"),
    ]
    return post(Draft(business=business, key=key, lines=lines, **(facts | changes)), posted_at=NOW)


def cents_of(text: str) -> int:
    """Return the cents of a figure as a report shows it."""
    if text in {"", "-"}:
        return 0
    whole, _, fraction = text.replace(",", "").lstrip("-").partition(".")
    cents = int(whole) * 100 + int(fraction or 0)
    return -cents if text.startswith("-") else cents


@dataclass(frozen=True)
class Cell:
    text: str
    href: str
    is_figure: bool


@dataclass(frozen=True)
class TableRow:
    css: str
    cells: list[Cell]

    @property
    def figures(self) -> list[int]:
        return [cents_of(cell.text) for cell in self.cells if cell.is_figure]


def columns_of(page: str) -> list[str]:
    heads = re.search(r'<table class="report.*?<thead><tr>(.*?)</tr>', page, re.DOTALL)
    assert heads
    return re.findall(r"<th[^>]*>(.*?)</th>", heads[1])


def rows_of(page: str) -> Iterator[TableRow]:
    """Yield the rows of a page's report."""
    body = re.search(r'<table class="report.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert body
    for css, inner in re.findall(r'<tr class="([^"]*)">(.*?)</tr>', body[1], re.DOTALL):
        cells = []
        columns = len(columns_of(page))
        for attributes, content in re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", inner, re.DOTALL):
            link = re.search(r'href="([^"]*)"', content)
            text = unescape(re.sub(r"<[^>]+>", "", content))
            is_figure = 'class="num' in attributes
            cells.append(Cell(text, unescape(link[1]) if link else "", is_figure))
        assert len(cells) in {1, columns}
        yield TableRow(css, cells)
