"""Switches that make the whole message centre misbehave, whatever the number. They last until changed or restarted."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

_LIMITS: Final = {
    "delay_ms": 600_000,
    "refuse_status": 0xFFFF_FFFF,
    "throttle_percent": 100,
    "drop_answers_percent": 100,
    "drop_receipts_percent": 100,
}


class FaultsRefused(ValueError):
    """The switches asked for do not exist or are out of range; the message says which."""


@dataclass(frozen=True, slots=True)
class Faults:
    is_silent: bool = False
    """Nothing that comes is acted upon or answered, as if the far end hung."""
    delay_ms: int = 0
    """How long each answer to a submit_sm waits."""
    refuse_status: int = 0
    """The command_status every submit_sm is refused with; 0 = none."""
    throttle_percent: int = 0
    """Share of submit_sm answered ESME_RTHROTTLED."""
    drop_answers_percent: int = 0
    """Share of submit_sm that are accepted, delivered and reported, but never answered."""
    drop_receipts_percent: int = 0
    """Share of receipts that never come."""

    @classmethod
    def from_json(cls, wanted: object) -> Self:
        """The switches a JSON object names; those it leaves out are off. Raises `FaultsRefused`."""
        if not isinstance(wanted, dict):
            raise FaultsRefused("a JSON object is expected")
        unknown = sorted(wanted.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise FaultsRefused(f"unknown: {', '.join(unknown)}")
        for name, value in wanted.items():
            _check(name, value)
        return cls(**wanted)

    def to_json(self) -> dict[str, int | bool]:
        return asdict(self)

    @property
    def is_any_on(self) -> bool:
        return self != Faults()


def _check(name: str, value: Any) -> None:
    if name == "is_silent":
        if not isinstance(value, bool):
            raise FaultsRefused("is_silent: true or false is expected")
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LIMITS[name]:
        raise FaultsRefused(f"{name}: a whole number from 0 to {_LIMITS[name]} is expected")
