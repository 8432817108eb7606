"""What the money of a top-up is for."""

from enum import StrEnum


class TopUpPurpose(StrEnum):
    CREDITS = "credits"
    """Credits at a price, for good."""
    PLAN = "plan"
    """A month of a plan, with its included credits."""
