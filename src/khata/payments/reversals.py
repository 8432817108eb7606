"""Money on its way back, by name only: what it says is read with its order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reversal:
    """A refund or a dispute."""

    reversal_ref: str
    payment_ref: str
