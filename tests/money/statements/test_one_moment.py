"""Every statement is read in one moment of the database."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.report import Period
from money.statements import STATEMENTS, account_statement, general_ledger, vat_return
from tests.make import a_business, an_entry

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 22))


@pytest.mark.django_db(transaction=True)
def test_what_ties_is_read_in_one_moment() -> None:
    duka = a_business()
    an_entry(duka)
    told: dict[str, Any] = {"businesses": [duka], "period": NOVEMBER}
    reads: list[Any] = [
        *(lambda build=one.build: build(**told) for one in STATEMENTS.values()),
        lambda: general_ledger(**told),
        lambda: account_statement(codes=["1000"], **told),
        lambda: vat_return(tax_person=duka.tax_person, month=NOVEMBER.to_on),
    ]

    for read in reads:
        with CaptureQueriesContext(connection) as asked:
            read()

        said = [one["sql"] for one in asked.captured_queries]
        begins = [sql for sql in said if sql.startswith(("BEGIN", "SET TRANSACTION"))]
        assert begins
        assert set(begins) <= set(said[:2])
        assert len(said) > len(begins) + 1
