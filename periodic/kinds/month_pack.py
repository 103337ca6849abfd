"""The papers of a month: a job for each, side by side; whichever ends last puts them together.

What is finished is a file and not a row: a paper that died is begun again, those that are there
stay, and asking for the month once more asks only for what is missing.
"""

import shutil
from datetime import date

from money.access import Ability
from money.actions.periods import NotYet, lock_month
from money.actions.posting import NoBook
from money.models import Business
from periodic.actions import month_pack
from periodic.actions.month_pack import NoSuchPart, NotLocked, PartsMissing
from periodic.forms.month_pack import MonthForm
from periodic.kinds import Call, Kind, Outcome, WillNotHeal, register


def ask_for_papers(call: Call) -> Outcome:
    """Lock the month where that was asked for, and ask for a job per paper."""
    business, month = _business_of(call), _month_of(call)
    if call.parameters.get("lock"):
        try:
            lock_month(business=business, month=month, actor=call.by, at=call.now)
        except NotYet as refusal:
            raise WillNotHeal(str(refusal)) from refusal
    jobs = month_pack.ask_for_parts(business=business, month=month, by=call.by, now=call.now)
    return Outcome(f"{len(jobs)} papers of {month:%B %Y} are asked for.")


def write_paper(call: Call) -> Outcome:
    """Write one paper; where it is the last that was missing, put all of them together."""
    business, month = _business_of(call), _month_of(call)
    name = str(call.parameters["part"])
    month_pack.write_part(business=business, month=month, name=name, now=call.now, tick=call.tick)
    try:
        whole = month_pack.finish(business=business, month=month, now=call.now, is_mailed=True)
    except PartsMissing as missing:
        return Outcome(f"{name} is written. {missing}")
    copy = call.folder / whole.name
    shutil.copyfile(whole, copy)
    return Outcome(f"{name} is written, and all papers of {month:%B %Y} are together.", copy)


def _business_of(call: Call) -> Business:
    return Business.objects.get(slug=call.parameters["business"])


def _month_of(call: Call) -> date:
    return date.fromisoformat(str(call.parameters["month"]))


register(
    Kind(
        name="month_papers",
        title="Papers of a month",
        work=ask_for_papers,
        form=MonthForm,
        ask=Ability.KEEP_BOOKS,
        see=Ability.SEE_BOOKS,
        download=Ability.SEE_BOOKS,
        refusals=(NotLocked, NoBook),
    )
)
register(
    Kind(
        name=month_pack.PART_KIND,
        title="Paper of a month",
        work=write_paper,
        form=None,
        ask=Ability.KEEP_BOOKS,
        see=Ability.SEE_BOOKS,
        download=Ability.SEE_BOOKS,
        refusals=(NotLocked, NoSuchPart),
        seconds=900,
    )
)
