"""How a command ended. Conditions stand in their order of precedence: the first that applies is the answer."""

from enum import Enum
from typing import NamedTuple


class Condition(Enum):
    UNKNOWN_WALLET = "unknown_wallet"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    EXPIRY_PASSED = "expiry_passed"
    WALLET_FROZEN = "wallet_frozen"
    ALREADY_DONE = "already_done"
    ALREADY_DONE_DIFFERENTLY = "already_done_differently"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    HOLD_MISSING = "hold_missing"
    HOLD_CLOSED = "hold_closed"
    HOLD_EXCEEDED = "hold_exceeded"
    ACCEPTED = "accepted"

    @property
    def is_transient(self) -> bool:
        """Whether the same command may succeed later without anything being corrected."""
        return self in (Condition.WALLET_FROZEN, Condition.INSUFFICIENT_CREDITS)

    @property
    def is_effective(self) -> bool:
        """Whether the effect asked for exists now: made by this command, or before by the same one."""
        return self in (Condition.ACCEPTED, Condition.ALREADY_DONE)


class Outcome(NamedTuple):
    """`available_after` is the wallet's balance once this command was decided; 0 where there is no wallet."""

    condition: Condition
    available_after: int
