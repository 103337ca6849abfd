"""The knobs: how kind or hostile this Daraja is, for all shortcodes or for one."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mpesa.simulator.knob_list import CHOICES, FOR_ALL, RANGES, SWITCHES
from mpesa.simulator.outcomes import BadDecision, outcome_of

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
    locking: bool = True
    same_amount_17: bool = False
    stk_twin: str = "after"

    confirmation: str = "normal"
    validation: bool = False
    validation_wait_ms: int = 8_000
    phone_form: str = "by_version"
    names: str = "first"
    c2b_type: str = "usual"
    invoice_number: str = "blank"
    register: str = "ok"
    register_once: bool = False
    production_urls: bool = False

    outage: bool = False
    loss_percent: int = 0
    copies: int = 1
    extra_copies: int = 0
    delay_ms: int = 0
    jitter_ms: int = 0
    hold: bool = False
    retry: bool = False
    content_type: str = "json"

    result: str = "normal"
    result_delay_ms: int = 300
    timeout_body: str = "echo"
    initiator: str = "ok"
    result_parameters: str = "array"
    result_reference: str = "object"
    result_codes: str = "number"
    result_values: str = "number"
    result_missing: bool = False
    result_repeated_keys: bool = False
    result_transaction_id: str = "usual"
    partial_reversals: bool = False

    pull: str = "ok"
    pull_page_size: int = 100
    pull_offset: str = "row"
    pull_zone: str = "eat"
    pull_settlements: bool = True
    pull_lag_seconds: int = 0
    pull_empty: str = "nested"
    pull_status_key: str = "joined"

    charges: str = "none"
    opening_shillings: int = 0
    qr_code: str = "zeros"

    edge: str = "ok"
    unreachable_percent: int = 0
    burst_per_second: int = 0
    oauth: str = "ok"
    expires_in: str = "string"
    invalidate_previous_token: bool = False
    products: str = "all"


# What each preset changes of the honest setting. People answer the phones unless `autopilot` is
# set on top; forgeries are sent by `POST /sim/forge`.
PRESETS: dict[str, dict[str, Any]] = {
    "honest": {},
    "flaky": {
        "loss_percent": 15,
        "jitter_ms": 3_000,
        "unreachable_percent": 10,
        "query_mode": "500",
        "metadata": "mixed",
        "result_delay_ms": 2_000,
    },
    "outage": {"outage": True},
    "hostile": {
        "copies": 2,
        "extra_copies": 1,
        "jitter_ms": 2_000,
        "loss_percent": 20,
        "content_type": "mixed",
        "metadata": "mixed",
        "stk_twin": "either",
        "phone_form": "mixed",
        "names": "absent",
        "result_codes": "string",
        "result_values": "string",
        "result_repeated_keys": True,
    },
    "twin-first": {"stk_twin": "before"},
    "silent": {"callback": "never", "confirmation": "never", "result": "never"},
    "slow": {"callback_delay_ms": 15_000},
    "hostile-order": {"autopilot": "approve", "callback_before_ack": True, "callback_times": 2},
}
PRESET_WORDS = {
    "honest": "as on a good day",
    "flaky": "some lost, some late, some 500",
    "outage": "no message arrives",
    "hostile": "copies, twins, losses, odd shapes",
    "twin-first": "confirmation before callback",
    "silent": "never a message",
    "slow": "callbacks 15 s late",
    "hostile-order": "callback before the answer",
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
        if shortcode and name in FOR_ALL:
            raise BadKnob(f"{name} cannot differ by shortcode: set it without one.")
        CHECKS[name](name, value)
    return dict(changes)


class KnobBoard:
    """The knobs of one world: a setting for all, and what differs for single shortcodes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._global = Knobs()
        self._overrides: dict[str, dict[str, Any]] = {}

    def current(self, *shortcodes: str) -> Knobs:
        """Return the setting in force, or the global one.

        A till goes by several numbers; where more than one has knobs, the last one given counts.
        """
        with self._lock:
            own: dict[str, Any] = {}
            for shortcode in shortcodes:
                own |= self._overrides.get(shortcode, {})
            return replace(self._global, **own)

    def change(self, changes: Mapping[str, Any], *, shortcode: str = "") -> None:
        """Change some knobs, all of them or, where one is wrong, none."""
        good = checked(changes, shortcode=shortcode)
        with self._lock:
            if not shortcode:
                self._global = replace(self._global, **good)
                return
            self._make_room_or_refuse(shortcode)
            self._overrides[shortcode] = self._overrides.get(shortcode, {}) | good

    def clear(self, shortcode: str) -> None:
        """Let a shortcode follow the global knobs again."""
        with self._lock:
            self._overrides.pop(shortcode, None)

    def preset(
        self, name: str, extra: Mapping[str, Any] | None = None, *, shortcode: str = ""
    ) -> None:
        """Start from the honest setting, apply a preset, then `extra`.

        Without a shortcode all overrides are forgotten. For a shortcode the setting is complete,
        apart from the knobs of the gateway, which it cannot have.
        """
        if name not in PRESETS:
            raise BadKnob(f"There is no preset {name!r}. Known are: {', '.join(PRESETS)}.")
        if not shortcode:
            good = checked({**PRESETS[name], **(extra or {})})
            with self._lock:
                self._global = replace(Knobs(), **good)
                self._overrides.clear()
            return
        whole = {**asdict(Knobs()), **PRESETS[name]}
        own = {knob: value for knob, value in whole.items() if knob not in FOR_ALL}
        good = own | checked(extra or {}, shortcode=shortcode)
        with self._lock:
            self._make_room_or_refuse(shortcode)
            self._overrides[shortcode] = good

    def own(self, shortcode: str) -> dict[str, Any]:
        """Return what a shortcode has set and the global setting does not have."""
        with self._lock:
            every = asdict(self._global)
            own = self._overrides.get(shortcode, {})
            return {name: value for name, value in own.items() if every[name] != value}

    def as_json(self) -> dict[str, Any]:
        """Return all knobs as `GET /sim/knobs` shows them."""
        with self._lock:
            return {
                "global": asdict(self._global),
                "shortcodes": {code: dict(own) for code, own in self._overrides.items()},
                "presets": list(PRESETS),
            }

    def _make_room_or_refuse(self, shortcode: str) -> None:
        if shortcode not in self._overrides and len(self._overrides) >= SHORTCODES_MOST:
            raise BadKnob(f"There are {SHORTCODES_MOST} shortcodes with own knobs already.")
