"""What the shipped schedules do, as kinds of jobs."""

from money.access import Ability
from periodic.actions.audit import Altered
from periodic.kinds import Call, Kind, Outcome, register
from periodic.kinds_of_schedules import KINDS, ScheduledKind
from periodic.verification import Untied


def _kind_of(scheduled: ScheduledKind) -> Kind:
    def work(call: Call) -> Outcome:
        return Outcome(scheduled.work(call.parameters, call.tick, call.now))

    return Kind(
        name=scheduled.name,
        title=scheduled.title,
        work=work,
        form=None,
        ask=Ability.MANAGE,
        see=Ability.MANAGE,
        download=Ability.MANAGE,
        refusals=(Altered, Untied),
        seconds=scheduled.seconds,
    )


for _scheduled in KINDS.values():
    register(_kind_of(_scheduled))
