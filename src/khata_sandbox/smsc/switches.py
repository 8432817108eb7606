"""Faults that are switched on, and which of their draws strike.

A switch stands for all or for one target, strikes with a chance, until it is switched off or so many times. The seed
alone decides: the same seed and the same requests in the same order give the same faults.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from khata_sandbox.smsc.faults import find_fault

ALL: Final = "all"
TEXT_PREFIX: Final = "text:"
PERCENT_MAXIMUM: Final = 100
COUNT_MAXIMUM: Final = 1_000_000
SEED_MAXIMUM: Final = 2**63
TARGET_LENGTH_MAXIMUM: Final = 100
SWITCHES_MAX: Final = 1_000
_FIELDS: Final = frozenset({"fault", "target", "percent", "count", "value"})


class SwitchRefused(ValueError):
    """There is no such switch, or no such position; the message is one sentence."""


class Subject(NamedTuple):
    """What a draw is about: the system that is bound, and of a message its phone (digits) and its text."""

    system_id: str
    phone: str = ""
    text: str = ""


@dataclass(slots=True)
class Switch:
    fault: str
    target: str
    percent: int
    left: int | None
    """How often it may still strike; None: until it is switched off."""
    value: int
    draws: int = 0
    strikes: int = 0

    def is_for(self, subject: Subject) -> bool:
        if self.target.startswith(TEXT_PREFIX):
            return self.target[len(TEXT_PREFIX) :] in subject.text
        return self.target in (ALL, subject.system_id, subject.phone)


class Switches:
    """All that are on; they last until changed or restarted."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_fault: dict[str, dict[str, Switch]] = {}

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def is_any_on(self) -> bool:
        return bool(self._by_fault)

    def strike(self, fault: str, subject: Subject) -> Switch | None:
        """The switch that strikes here, if one does; one for a target goes before one for all.

        Each question is one draw of each switch it reaches.
        """
        reached = [switch for switch in self._by_fault.get(fault, {}).values() if switch.is_for(subject)]
        reached.sort(key=lambda switch: switch.target == ALL)
        return next((switch for switch in reached if self._draw(switch)), None)

    def switch_on(self, given: Mapping[str, Any]) -> Switch:
        """From `fault` and what is wanted of `target`, `percent`, `count`, `value`; starts afresh where it was on.

        Raises `SwitchRefused`.
        """
        switch = _wanted(given)
        if len(self.listed()) >= SWITCHES_MAX:
            raise SwitchRefused(f"No more than {SWITCHES_MAX} switches can be on.")
        self._by_fault.setdefault(switch.fault, {})[switch.target] = switch
        return switch

    def switch_off(self, fault: str | None = None, target: str | None = None) -> None:
        """For one target or wherever it is on; with no name, all of them. Raises `SwitchRefused`."""
        if fault is not None and find_fault(fault) is None:
            raise SwitchRefused("There is no such fault.")
        for name in [name for name in self._by_fault if fault in (None, name)]:
            for known in [known for known in self._by_fault[name] if target in (None, known)]:
                del self._by_fault[name][known]
            if not self._by_fault[name]:
                del self._by_fault[name]

    def begin_anew(self, seed: object) -> None:
        """Every switch that is on draws from the beginning, from this seed. Raises `SwitchRefused`."""
        self._seed = _whole("seed", seed, 0, SEED_MAXIMUM)
        for switch in self.listed():
            switch.draws = switch.strikes = 0

    def listed(self) -> list[Switch]:
        """In the order of the faults' first being switched on, those included that have struck as often as they may."""
        return [switch for switches in self._by_fault.values() for switch in switches.values()]

    def _draw(self, switch: Switch) -> bool:
        if switch.left == 0:
            return False
        does_strike = _number(self._seed, switch) < switch.percent
        switch.draws += 1
        switch.strikes += does_strike
        if switch.left is not None and does_strike:
            switch.left -= 1
        return does_strike


class Luck:
    """Asks the switches about one subject and remembers what struck."""

    def __init__(self, switches: Switches, subject: Subject) -> None:
        self._switches = switches
        self._subject = subject
        self.struck: list[str] = []

    def strike(self, fault: str) -> Switch | None:
        if not self._switches.is_any_on:
            return None
        switch = self._switches.strike(fault, self._subject)
        if switch:
            self.struck.append(fault)
        return switch


def _wanted(given: Mapping[str, Any]) -> Switch:
    if unknown := sorted(given.keys() - _FIELDS):
        raise SwitchRefused(f"A switch has no {', '.join(unknown)}.")
    fault = find_fault(str(given.get("fault", "")))
    if fault is None:
        raise SwitchRefused("There is no such fault.")
    target = given.get("target", ALL)
    if not isinstance(target, str) or not 0 < len(target) <= TARGET_LENGTH_MAXIMUM or target == TEXT_PREFIX:
        raise SwitchRefused(f"The target must be a text of 1 to {TARGET_LENGTH_MAXIMUM} characters.")
    return Switch(
        fault=fault.name,
        target=target.lstrip("+"),
        percent=_whole("percent", given.get("percent", PERCENT_MAXIMUM), 1, PERCENT_MAXIMUM),
        left=None if given.get("count") is None else _whole("count", given["count"], 1, COUNT_MAXIMUM),
        value=_whole("value", given.get("value", fault.value), 0, fault.maximum),
    )


def _whole(name: str, value: object, minimum: int, maximum: int) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise SwitchRefused(f"The {name} must be a whole number from {minimum} to {maximum}.")
    return value


def _number(seed: int, switch: Switch) -> int:
    """0 to 99, evenly spread."""
    digest = hashlib.sha256(f"{seed}:{switch.fault}@{switch.target}:{switch.draws}".encode()).digest()
    return int.from_bytes(digest[:8]) % PERCENT_MAXIMUM
