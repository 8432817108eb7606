"""How many credits money buys."""

from dataclasses import dataclass, replace

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.money import RUPEE_MINOR


@dataclass(frozen=True, slots=True)
class CreditPrice:
    """`credits_micro` for one rupee, and what one top-up may be (paise, before tax)."""

    credits_micro_per_rupee: int
    minimum_minor: int
    maximum_minor: int

    def credits_for(self, amount_minor: int) -> int:
        """Micro-credits bought by an amount before tax; never rounded up."""
        return amount_minor * self.credits_micro_per_rupee // RUPEE_MINOR

    def amount_for(self, credits_micro: int) -> int:
        """The smallest amount (paise, whole rupees) that buys at least these credits."""
        rupees = -(-credits_micro // self.credits_micro_per_rupee)
        return rupees * RUPEE_MINOR

    def at(self, credits_micro_per_rupee: int) -> "CreditPrice":
        """The same limits at another price, as a plan gives it."""
        return replace(self, credits_micro_per_rupee=credits_micro_per_rupee)

    @property
    def credits_per_rupee_text(self) -> str:
        whole, rest = divmod(self.credits_micro_per_rupee, MICRO_PER_CREDIT)
        return f"{whole}" if not rest else f"{whole}.{rest:06d}".rstrip("0")
