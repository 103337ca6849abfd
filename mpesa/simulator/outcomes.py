"""How a prompt may end, and the texts that Daraja sends with each code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """The result of a prompt. Most codes are JSON numbers, a few are strings."""

    code: int | str
    text: str

    @property
    def paid(self) -> bool:
        return self.code == 0


class BadDecision(ValueError):
    """Nobody can decide a prompt like this."""


CANCELLED_TEXT = "Request cancelled by user"
PUSH_ERROR_TEXT = "An error occurred while sending a push request."
LOCKED_TEXT = (
    "Unable to lock subscriber, a transaction is already in process for the current subscriber"
)
LIMIT_TEXT = "Declined due to limit rule: "

OUTCOMES = {
    str(code): Outcome(code, text)
    for code, text in (
        (0, "The service request is processed successfully."),
        (1, "The balance is insufficient for the transaction."),
        (2, LIMIT_TEXT + "less than the minimum transaction amount."),
        (3, LIMIT_TEXT + "greater than the maximum transaction amount."),
        (4, LIMIT_TEXT + "would exceed daily transfer limit."),
        (8, LIMIT_TEXT + "would exceed the maximum balance of the receiver."),
        (17, "Rule limited."),
        (26, "Traffic blocking condition in place."),
        (1001, LOCKED_TEXT),
        (1019, "Transaction has expired."),
        (1025, PUSH_ERROR_TEXT),
        (1031, CANCELLED_TEXT),
        (1032, CANCELLED_TEXT),
        (1036, "SMSC ACK timeout"),
        (1037, "DS timeout user cannot be reached."),
        (2001, "The initiator information is invalid."),
        (2028, "The request is not permitted according to product assignment."),
        (8006, "The security credential is locked."),
        (9999, PUSH_ERROR_TEXT),
        ("SFC_IC0003", "The operator does not exist."),
        ("E3008", "Error, the user has a bad debt contract."),
    )
}
CANCELLED = OUTCOMES["1032"]
TIMED_OUT = OUTCOMES["1037"]
TEXT_TOO_LONG = OUTCOMES["1025"]
WRONG_PAIRING = OUTCOMES["2028"]

IGNORE = "ignore"
ACTIONS = {"approve": "0", "cancel": "1032", "wrong_pin": "2001", "insufficient": "1"}


def outcome_of(decision: object) -> Outcome | None:
    """Return what a decision leads to: an action's name or `{"code": ...}`; None is to ignore.

    Who ignores a prompt decides nothing: it stays open until its time is over.
    """
    if decision == IGNORE:
        return None
    if isinstance(decision, str) and decision in ACTIONS:
        return OUTCOMES[ACTIONS[decision]]
    if isinstance(decision, dict) and set(decision) == {"code"}:
        code = decision["code"]
        if isinstance(code, (int, str)) and not isinstance(code, bool) and str(code) in OUTCOMES:
            return OUTCOMES[str(code)]
        raise BadDecision(f"There is no result code {code!r}. Known are: {', '.join(OUTCOMES)}.")
    raise BadDecision(
        f"{decision!r} decides nothing: write one of {', '.join((*ACTIONS, IGNORE))}"
        ' or {"code": ...}.'
    )
