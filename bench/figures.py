"""What a line of the table says."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `ceiling` is the most (of a time, the least) this machine could do, in the same unit."""

    name: str
    value: float | None
    """None where it could not be measured; `note` says why."""
    unit: str
    ceiling: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.ceiling if self.value is not None and self.ceiling else None

    @property
    def is_measured(self) -> bool:
        return self.value is not None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "ceiling": self.ceiling,
            "ratio": self.ratio,
            "note": self.note,
        }
