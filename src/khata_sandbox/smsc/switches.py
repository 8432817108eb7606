"""The message centre's switches, in memory: turned on and off, and asked whether one strikes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from khata_sandbox.smsc.faults import find_fault
from khata_sandbox.switches import ALL, Switch, SwitchRefused, draw, switch_from, whole

TEXT_PREFIX: Final = "text:"
SEED_MAXIMUM: Final = 2**63
SWITCHES_MAX: Final = 1_000


class Subject(NamedTuple):
    """What a draw is about: the system that is bound, and of a message its phone (digits) and its text."""

    system_id: str
    phone: str = ""
    text: str = ""


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
        reached = [switch for switch in self._by_fault.get(fault, {}).values() if _is_for(switch, subject)]
        reached.sort(key=lambda switch: switch.target == ALL)
        return next((switch for switch in reached if self._draw(switch)), None)

    def switch_on(self, given: Mapping[str, Any]) -> Switch:
        """From `fault` and what is wanted of `target`, `percent`, `count`, `value`; starts afresh where it was on.

        Raises `SwitchRefused`.
        """
        if isinstance(given.get("target"), str):
            given = {**given, "target": _plain(given["target"])}
        switch = switch_from(given, find_fault)
        if switch.target == TEXT_PREFIX:
            raise SwitchRefused("target", "There are no words after text:.")
        if len(self.listed()) >= SWITCHES_MAX:
            raise SwitchRefused("fault", f"No more than {SWITCHES_MAX} switches can be on.")
        self._keep(switch)
        return switch

    def switch_off(self, fault: str | None = None, target: str | None = None) -> None:
        """For one target or wherever it is on; with no name, all of them. Raises `SwitchRefused`."""
        if fault is not None and find_fault(fault) is None:
            raise SwitchRefused("fault", "There is no such fault.")
        plain = None if target is None else _plain(target)
        for name in [name for name in self._by_fault if fault in (None, name)]:
            for known in [known for known in self._by_fault[name] if plain in (None, known)]:
                del self._by_fault[name][known]
            if not self._by_fault[name]:
                del self._by_fault[name]

    def begin_anew(self, seed: object) -> None:
        """Every switch that is on draws from the beginning, from this seed. Raises `SwitchRefused`."""
        self._seed = whole("seed", seed, 0, SEED_MAXIMUM)
        for switch in self.listed():
            self._keep(replace(switch, draws=0, strikes=0))

    def listed(self) -> list[Switch]:
        """In the order of the faults' first being switched on, those included that have struck as often as they may."""
        return [switch for switches in self._by_fault.values() for switch in switches.values()]

    def _draw(self, switch: Switch) -> bool:
        drawn, does_strike = draw(switch, self._seed)
        self._keep(drawn)
        return does_strike

    def _keep(self, switch: Switch) -> None:
        self._by_fault.setdefault(switch.fault, {})[switch.target] = switch


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


def _is_for(switch: Switch, subject: Subject) -> bool:
    if switch.target.startswith(TEXT_PREFIX):
        return switch.target.removeprefix(TEXT_PREFIX) in subject.text
    return switch.target in (ALL, subject.system_id, subject.phone)


def _plain(target: str) -> str:
    """A plus before a number says nothing; in an address it has become a space."""
    return target.lstrip("+ ")
