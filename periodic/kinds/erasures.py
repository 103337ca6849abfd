"""Erasing several customers' phones: rows of the rail hold them, the job knows the request's id."""

from money.access import Ability
from mpesa.actions.erasure import NotAllowed
from mpesa.actions.erasures import Unfinished, erase_all
from periodic.forms.erasures import ErasuresForm
from periodic.kinds import Call, Kind, Outcome, register


def erase(call: Call) -> Outcome:
    """Erase what waits of the request that the parameters name; the outcome counts only."""
    request_id = int(str(call.parameters["request"]))
    tally = erase_all(request_id=request_id, tick=call.tick, now=call.now)
    return Outcome(str(tally))


register(
    Kind(
        name="erasures",
        title="Erase customers",
        work=erase,
        form=ErasuresForm,
        # A phone belongs to no business: the job names none, so these are needed in all.
        ask=Ability.MANAGE,
        see=Ability.MANAGE,
        download=Ability.MANAGE,
        refusals=(NotAllowed, Unfinished),
        # Every body is read once per phone.
        seconds=3 * 3600,
    )
)
