"""A staged gateway that also lists: its payments, what it paid out, and what other applications took on its account."""

from datetime import datetime

from khata.payments.port import Payment, Refused, SettledItem, Unavailable, Unknown
from khata.payments.reversals import Refund, RefundRequest
from tests.database.billing.staged_gateway import StagedGateway


class ListingGateway(StagedGateway):
    """`foreign` are listed beside its own payments, `unlisted` are left out; `list_trouble` is answered instead."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[Payment] = []
        self.unlisted: set[str] = set()
        self.settled: dict[tuple[int, int, int], tuple[SettledItem, ...]] = {}

    def list_payments(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Payment, ...] | Refused | Unavailable:
        if self.list_trouble is not None:
            return self.list_trouble
        own = [payment for payments in self.payments.values() for payment in payments.values()]
        return tuple(
            payment
            for payment in (*own, *self.foreign)
            if created_from <= payment.created_at < created_until and payment.payment_ref not in self.unlisted
        )

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown:
        """Nobody answers; whoever needs a refund's end stages it."""
        return Unavailable("no refunds are staged")

    def list_settled(self, *, year: int, month: int, day: int) -> tuple[SettledItem, ...] | Refused | Unavailable:
        return self.list_trouble or self.settled.get((year, month, day), ())
