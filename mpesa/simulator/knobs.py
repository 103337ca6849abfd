"""The knobs: how kind or hostile this Daraja is, for all shortcodes or for one."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mpesa.simulator.outcomes import BadDecision, outcome_of
from mpesa.simulator.refusals import ACK_ERRORS

SHORTCODES_MOST = 1_000


class BadKnob(ValueError):
    """There is no such knob, preset or value."""


@dataclass(frozen=True)
class Knobs:
    """One complete setting. As it stands here, Daraja is honest and people hold the phones."""

    autopilot: str | dict[str, Any] | None = None
    answer_after_ms: int = 500
    callback: str = "normal"
    callback_before_ack: bool = False
    callback_delay_ms: int = 0
    callback_times: int = 1
    ack: str = "ok"
    hang_ms: int = 30_000
    query_mode: str = "4999"
    metadata: str = "plain"
    prompt_seconds: int = 60
    expires_in: str = "string"
    invalidate_previous_token: bool = False


CHOICES: dict[str, tuple[str, ...]] = {
    "callback": ("normal", "never"),
    "ack": ("ok", "lost", "hang", *ACK_ERRORS),
    "query_mode": ("4999", "500", "spike", "failed"),
    "metadata": ("plain", "with_empty_balance", "reordered", "decimal_amount"),
    "expires_in": ("string", "number"),
}
RANGES = {
    "answer_after_ms": (0, 600_000),
    "callback_delay_ms": (0, 600_000),
    "callback_times": (1, 20),
    "hang_ms": (0, 120_000),
    "prompt_seconds": (1, 600),
}
SWITCHES = ("callback_before_ack", "invalidate_previous_token")
# A token belongs to an app, not to a shortcode.
GLOBAL_ONLY = ("expires_in", "invalidate_previous_token")

PRESETS: dict[str, dict[str, Any]] = {
    "honest": {},
    "silent": {"callback": "never"},
    "slow": {"callback_delay_ms": 15_000},
    "hostile-order": {"autopilot": "approve", "callback_before_ack": True, "callback_times": 2},
}


def _choice(name: str, value: object) -> None:
    if value not in CHOICES[name]:
        raise BadKnob(f"{name} is {value!r}: write one of {', '.join(CHOICES[name])}.")


def _whole(name: str, value: object) -> None:
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadKnob(f"{name} is {value!r}: write a whole number from {least} to {most}.")


def _switch(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise BadKnob(f"{name} is {value!r}: write true or false.")


def _decision(name: str, value: object) -> None:
    if value is None:
        return
    try:
        outcome_of(value)
    except BadDecision as problem:
        raise BadKnob(f"{name}: {problem}") from problem


CHECKS: dict[str, Callable[[str, object], None]] = {
    "autopilot": _decision,
    **dict.fromkeys(CHOICES, _choice),
    **dict.fromkeys(RANGES, _whole),
    **dict.fromkeys(SWITCHES, _switch),
}


def checked(changes: Mapping[str, Any], *, shortcode: str = "") -> dict[str, Any]:
    """Return `changes` where every name and value is good, or raise `BadKnob` with a sentence."""
    for name, value in changes.items():
        if name not in CHECKS:
            raise BadKnob(f"There is no knob {name!r}. Known are: {', '.join(CHECKS)}.")
        if shortcode and name in GLOBAL_ONLY:
            raise BadKnob(f"{name} cannot differ by shortcode: set it without one.")
        CHECKS[name](name, value)
    return dict(changes)


class KnobBoard:
    """The knobs of one world: a setting for all, and what differs for single shortcodes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._global = Knobs()
        self._overrides: dict[str, dict[str, Any]] = {}

    def current(self, shortcode: str = "") -> Knobs:
        """Return the setting in force for a shortcode, or the global one."""
        with self._lock:
            return replace(self._global, **self._overrides.get(shortcode, {}))

    def change(self, changes: Mapping[str, Any], *, shortcode: str = "") -> None:
        """Change some knobs, all of them or, where one is wrong, none."""
        good = checked(changes, shortcode=shortcode)
        with self._lock:
            if not shortcode:
                self._global = replace(self._global, **good)
                return
            if shortcode not in self._overrides and len(self._overrides) >= SHORTCODES_MOST:
                raise BadKnob(f"There are {SHORTCODES_MOST} shortcodes with own knobs already.")
            self._overrides[shortcode] = self._overrides.get(shortcode, {}) | good

    def clear(self, shortcode: str) -> None:
        """Let a shortcode follow the global knobs again."""
        with self._lock:
            self._overrides.pop(shortcode, None)

    def preset(self, name: str, extra: Mapping[str, Any] | None = None) -> None:
        """Start from the honest setting, apply a preset, then `extra`; forget all overrides."""
        if name not in PRESETS:
            raise BadKnob(f"There is no preset {name!r}. Known are: {', '.join(PRESETS)}.")
        good = checked({**PRESETS[name], **(extra or {})})
        with self._lock:
            self._global = replace(Knobs(), **good)
            self._overrides.clear()

    def as_json(self) -> dict[str, Any]:
        """Return all knobs as `GET /sim/knobs` shows them."""
        with self._lock:
            return {
                "global": asdict(self._global),
                "shortcodes": {code: dict(own) for code, own in self._overrides.items()},
                "presets": list(PRESETS),
            }
