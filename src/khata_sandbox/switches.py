"""Faults as data, and the switches that turn them on: what the gateway and the message centre have in common.

A switch stands for all or for one target, strikes with a chance, until it is switched off or so many times. The seed
alone decides: the same seed and the same questions in the same order give the same faults.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

ALL: Final = "all"
_PERCENT_MAXIMUM: Final = 100
_COUNT_MAXIMUM: Final = 1_000_000
_TARGET_LENGTH_MAXIMUM: Final = 100
_FIELDS: Final = frozenset({"fault", "target", "percent", "count", "value"})

Unit = Literal["", "seconds", "milliseconds", "paise", "command_status", "error code"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`value` is what a switch starts with and `maximum` what it takes, both in its unit; 0 where none is needed."""

    name: str
    place: str
    label: str
    effect: str
    unit: Unit = ""
    value: int = 0
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class Switch:
    """A fault switched on for one target or for all."""

    id: str
    fault: str
    target: str
    percent: int
    left: int | None
    """How often it may still strike; None until it is switched off."""
    value: int
    """In the fault's unit, where it has one."""
    draws: int = 0
    strikes: int = 0


class SwitchRefused(ValueError):
    """There is no such switch, or no such position; the message is one sentence about `field`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def switch_from(given: Mapping[str, Any], find_fault: Callable[[str], Fault | None]) -> Switch:
    """From `fault` and what is wanted of `target`, `percent`, `count`, `value`. Raises `SwitchRefused`."""
    if unknown := sorted(given.keys() - _FIELDS):
        raise SwitchRefused(unknown[0], f"A switch has no {', '.join(unknown)}.")
    fault = find_fault(str(given.get("fault", "")))
    if fault is None:
        raise SwitchRefused("fault", "There is no such fault.")
    target = given.get("target", ALL)
    if not isinstance(target, str) or not 0 < len(target) <= _TARGET_LENGTH_MAXIMUM:
        raise SwitchRefused("target", f"The target must be a text of 1 to {_TARGET_LENGTH_MAXIMUM} characters.")
    return Switch(
        id=switch_id(fault.name, target),
        fault=fault.name,
        target=target,
        percent=whole("percent", given.get("percent", _PERCENT_MAXIMUM), 1, _PERCENT_MAXIMUM),
        left=None if given.get("count") is None else whole("count", given["count"], 1, _COUNT_MAXIMUM),
        value=whole("value", given.get("value", fault.value), 0, fault.maximum),
    )


def switch_id(fault_name: str, target: str) -> str:
    return f"{fault_name}@{target}"


def draw(switch: Switch, seed: int) -> tuple[Switch, bool]:
    """The switch after its next draw, and whether that strikes; one that may strike no more is not drawn."""
    if switch.left == 0:
        return switch, False
    does_strike = _number(switch, seed) < switch.percent
    left = None if switch.left is None else switch.left - does_strike
    return replace(switch, draws=switch.draws + 1, strikes=switch.strikes + does_strike, left=left), does_strike


def whole(name: str, value: object, minimum: int, maximum: int) -> int:
    """The value, if it is a whole number from minimum to maximum. Raises `SwitchRefused`."""
    if type(value) is not int or not minimum <= value <= maximum:
        raise SwitchRefused(name, f"The {name} must be a whole number from {minimum} to {maximum}.")
    return value


def _number(switch: Switch, seed: int) -> int:
    """0 to 99, evenly spread."""
    digest = hashlib.sha256(f"{seed}:{switch.id}:{switch.draws}".encode()).digest()
    return int.from_bytes(digest[:8]) % _PERCENT_MAXIMUM
