"""A money statement as a file to keep, to send or to reckon with."""

from collections.abc import Callable
from datetime import date

from money.access import Ability
from money.models import Business
from money.report import BadPeriod, Period, Report
from money.snapshot import snapshot
from money.statements import STATEMENTS, BadCursor, Page, account_statement, general_ledger
from money.statements.vat import vat_return
from periodic.forms.statements import StatementForm
from periodic.kinds import Call, Kind, Outcome, WillNotHeal, register
from periodic.paper import csv, workbook

LINES_PER_PAGE = 5_000
# An Excel sheet holds a million rows; nobody reads so many.
MOST_LINES = 200_000
CARRIED, BROUGHT = "Carried forward", "Brought forward"


def render(call: Call) -> Outcome:
    """Build the statement that the parameters name, and write it as the file they name."""
    told = call.parameters
    slugs = str(told["businesses"]).split(",")
    businesses = list(Business.objects.filter(slug__in=slugs).order_by("name"))
    if len(businesses) != len(slugs):
        raise WillNotHeal("A business of this statement is no longer there.")
    call.tick(0, 1, "Reading the books")
    with snapshot():
        report = _report(call, businesses)
    path = call.folder / f"{report.name}-{told['from']}-{told['to']}.{told['format']}"
    call.tick(0, len(report.rows), "Writing the file")
    if told["format"] == "csv":
        csv.write(report, path)
    else:
        workbook.write(report, path, call.tick)
    call.tick(len(report.rows), len(report.rows))
    rows = len(report.rows)
    return Outcome(f"{report.title}, {report.period}: {rows:,} rows.", path)


def _report(call: Call, businesses: list[Business]) -> Report:
    told = call.parameters
    period = Period(date.fromisoformat(str(told["from"])), date.fromisoformat(str(told["to"])))
    name, code = str(told["statement"]), str(told["code"])
    if name == "general-ledger":
        return _whole(
            call,
            lambda after: general_ledger(
                businesses=businesses, period=period, after=after, limit=LINES_PER_PAGE
            ),
        )
    if name == "account-statement":
        return _whole(
            call,
            lambda after: account_statement(
                businesses=businesses,
                codes=[code],
                period=period,
                after=after,
                limit=LINES_PER_PAGE,
            ),
        )
    if name == "vat-return":
        return vat_return(tax_person=businesses[0].tax_person, month=period.from_on)
    return STATEMENTS[name].build(
        businesses=businesses,
        period=period,
        beside=bool(told["beside"]),
        is_everything=bool(told["is_everything"]),
    )


def _whole(call: Call, build: Callable[[str | None], Page]) -> Report:
    """Return all pages of a ledger as one report: no balance is carried from page to page."""
    page = build(None)
    report = page.report
    while page.next_cursor:
        if len(report.rows) > MOST_LINES:
            raise WillNotHeal(f"More than {MOST_LINES:,} lines. Choose a shorter period.")
        call.tick(len(report.rows), 0, "Reading the books")
        page = build(page.next_cursor)
        while report.rows and CARRIED in report.rows[-1].cells:
            report.rows.pop()
        begun = [n for n, row in enumerate(page.report.rows[:2]) if BROUGHT in row.cells]
        report.rows += page.report.rows[begun[0] + 1 if begun else 0 :]
        report.notes = [one for one in page.report.notes if "arried" not in one]
    return report


register(
    Kind(
        name="statement",
        title="Statement as a file",
        work=render,
        form=StatementForm,
        ask=Ability.SEE_BOOKS,
        see=Ability.SEE_BOOKS,
        download=Ability.SEE_BOOKS,
        refusals=(BadPeriod, BadCursor),
        attempts=4,
        seconds=900,
    )
)
