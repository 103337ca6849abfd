"""A money statement as a file to keep, to send or to reckon with."""

from datetime import date

from money.access import Ability
from money.calendar import end_of_month
from money.models import Business
from money.report import BadPeriod, Period
from money.statements import BadCursor
from periodic.forms.statements import StatementForm
from periodic.kinds import Call, Kind, Outcome, WillNotHeal, register
from periodic.paper.formats import FORMATS, TooLong, write
from periodic.paper.imprint import Imprint
from periodic.statements import VAT, Asked, NotThatStatement, read


def render(call: Call) -> Outcome:
    """Build the statement that the parameters name, and write it as the file they name."""
    told = call.parameters
    call.tick(0, 1, "Reading the books")
    report, heads = read(_asked(call), call.tick)
    chosen = FORMATS[str(told["format"])]
    path = call.folder / f"{report.name}-{told['from']}-{told['to']}{chosen.suffix}"
    rows = len(report.rows)
    call.tick(0, rows, "Writing the file")
    write(str(told["format"]), report, path, Imprint(call.now, heads), call.tick)
    call.tick(rows, rows)
    return Outcome(f"{report.title}, {report.period}: {rows:,} rows.", path)


def _asked(call: Call) -> Asked:
    told = call.parameters
    slugs = str(told["businesses"]).split(",")
    businesses = list(Business.objects.filter(slug__in=slugs).order_by("name"))
    if len(businesses) != len(slugs):
        raise WillNotHeal("A business of this statement is no longer there.")
    first, last = date.fromisoformat(str(told["from"])), date.fromisoformat(str(told["to"]))
    name = str(told["statement"])
    return Asked(
        name,
        businesses,
        Period(first, end_of_month(last) if name == VAT else last),
        codes=[str(told["code"])] if told["code"] else [],
        beside=bool(told["beside"]),
        is_everything=bool(told["is_everything"]),
    )


register(
    Kind(
        name="statement",
        title="Statement as a file",
        work=render,
        form=StatementForm,
        ask=Ability.SEE_BOOKS,
        see=Ability.SEE_BOOKS,
        download=Ability.SEE_BOOKS,
        refusals=(BadPeriod, BadCursor, NotThatStatement, TooLong),
        attempts=4,
        seconds=900,
    )
)
