"""Credits coming and going, as top-ups and messages do it; amounts are whole credits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.transactions import in_transaction
from khata.ledger.core import (
    Capture,
    Command,
    Condition,
    Grant,
    HoldLot,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
    VoidHold,
)
from khata.ledger.operations import post_batch


@dataclass(frozen=True, slots=True)
class Purse:
    organisation_id: int

    def add(self, credits: int) -> UUID:
        """The purchase's reference."""
        purchase = uuid4()
        self._post(Purchase(self.organisation_id, purchase, credits * MICRO_PER_CREDIT, credits * 20))
        return purchase

    def give(self, credits: int, *, expires_at: datetime) -> None:
        self._post(Grant(self.organisation_id, uuid4(), credits * MICRO_PER_CREDIT, expires_at))

    def reserve(self, credits: int) -> UUID:
        """The message's id."""
        message_id = uuid4()
        self._post(PlaceHold(self.organisation_id, message_id, credits * MICRO_PER_CREDIT))
        return message_id

    def use(self, credits: int) -> None:
        message_id = self.reserve(credits)
        self._post(Capture(self.organisation_id, message_id, credits * MICRO_PER_CREDIT))

    def return_all(self, message_id: UUID) -> None:
        self._post(VoidHold(self.organisation_id, message_id))

    def refund(self, credits: int, purchase: UUID) -> None:
        """Set aside, then the money went back."""
        refund_id = uuid4()
        self._post(HoldLot(self.organisation_id, refund_id, credits * MICRO_PER_CREDIT, purchase))
        self._post(RefundHold(self.organisation_id, refund_id))

    def reverse(self, credits: int, purchase: UUID) -> None:
        """A lost dispute."""
        self._post(Reverse(self.organisation_id, uuid4(), credits * MICRO_PER_CREDIT, purchase))

    def _post(self, command: Command) -> None:
        with in_transaction() as connection:
            (outcome,) = post_batch(connection, [command])
        assert outcome.condition is Condition.ACCEPTED
