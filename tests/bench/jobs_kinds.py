"""The bench's kind of job: the contenders' work, by Duka's durable path."""

from money.access import Ability
from periodic.kinds import Call, Kind, Outcome, register
from tests.bench.jobs_work import do


def work(call: Call) -> Outcome:
    told = call.parameters
    do(str(told["what"]), int(told["number"] or 0), str(told["path"]))
    return Outcome("Done.")


register(
    Kind(
        name="bench",
        title="Bench",
        work=work,
        form=None,
        ask=Ability.MANAGE,
        see=Ability.MANAGE,
        download=Ability.MANAGE,
        attempts=30,
    )
)
