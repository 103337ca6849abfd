"""The command that runs every check of every floor."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from money import triggers
from money.models import Business, User
from shops.actions.settle import take_cash
from shops.models import Sale, Tender
from tests import make
from tests.make import NOW


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_shop()


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


def paid_in_cash(duka: Business, by: User) -> Sale:
    return take_cash(sale_id=make.a_sale(duka).pk, given_cents=20_000, by=by, now=NOW)


def test_verify_runs_every_check(duka: Business, amina: User, capsys) -> None:
    paid_in_cash(duka, amina)
    call_command("verify")
    assert capsys.readouterr().out == "ok: books, inbox, sales, cash, stock\n"

    call_command("verify", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "checks": {"books": [], "inbox": [], "sales": [], "cash": [], "stock": []},
    }


def test_verify_names_what_does_not_tie_and_exits_with_1(
    duka: Business, amina: User, capsys
) -> None:
    tender: Tender = paid_in_cash(duka, amina).tenders.get()
    connection.check_constraints()
    triggers.drop()
    Tender.objects.filter(pk=tender.pk).update(amount_cents=17_000)
    connection.check_constraints()
    triggers.install()

    with pytest.raises(SystemExit) as end:
        call_command("verify")

    assert end.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        f"sales: duka: cash {tender.pk}: its entry is missing or another one",
        f"sales: duka: sale {tender.sale_id}: called paid, or owed, and is not",
        "sales: duka: sales owe KES 10, account 1300 says KES 0",
        "cash: duka: cash sessions moved KES 170 on account 1000, the books say KES 180",
    ]

    with pytest.raises(SystemExit):
        call_command("verify", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["checks"]["sales"][2] == {
        "business": "duka",
        "number": 0,
        "what": "sales owe KES 10, account 1300 says KES 0",
    }


def test_verify_says_where_there_is_no_shop(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)

    with pytest.raises(CommandError, match="There is no shop in this database"):
        call_command("verify")
