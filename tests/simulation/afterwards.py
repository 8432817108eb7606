"""What happens to money once it was taken: spent, refunded by us, by the gateway's own page, disputed, paid twice."""

from contextlib import suppress
from random import Random
from uuid import UUID, uuid4

import httpx
from django.db import connection
from django.db.models import Q, QuerySet

from khata.billing import operations
from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.core.top_up_life import TopUpState
from khata.billing.errors import AlreadyRefunded, RefundExceedsUnspent, TopUpDisputed, TopUpNotPaid
from khata.billing.models import PaymentAttempt, TopUp
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger_queries
from khata.ledger.core import Capture, PlaceHold
from khata.ledger.operations import post_batch

from .truth import Journal

REFUSALS = (AlreadyRefunded, RefundExceedsUnspent, TopUpDisputed, TopUpNotPaid)


def spend(organisation_ids: tuple[int, ...], random: Random) -> None:
    """Every other organisation uses a part of what it has, or all of it."""
    for organisation_id in organisation_ids[::2]:
        available = ledger_queries.balance(organisation_id=organisation_id).available
        amount = available if random.random() < 0.3 else available * random.randrange(1, 10) // 10
        if amount <= 0:
            continue
        message = uuid4()
        with in_transaction() as raw:
            post_batch(raw, [PlaceHold(organisation_id, message, amount), Capture(organisation_id, message, amount)])


def refund_some(organisation_ids: tuple[int, ...], random: Random) -> None:
    """A quarter of what is paid, in whole or in part, some of it twice under one key."""
    for top_up in TopUp.objects.filter(organisation_id__in=organisation_ids, state=TopUpState.PAID).order_by("id"):
        if random.random() >= 0.25:
            continue
        amount_minor = None if random.random() < 0.4 else random.randrange(1, top_up.total_minor + 1)
        key = str(uuid4())
        for _ in range(random.choice((1, 1, 2))):
            _refund(top_up.id, amount_minor, key)
    connection.close()


def refund_at_the_gateway(gateway: httpx.Client, organisation_ids: tuple[int, ...], random: Random) -> None:
    """Past us: one in twelve credited payments, in part, as far as its API has no fault just then."""
    for attempt in _credited(organisation_ids):
        if random.random() < 1 / 12:
            amount_minor = random.randrange(100, max(attempt.amount_minor // 2, 101))
            with suppress(httpx.HTTPError):
                gateway.post(f"/v1/payments/{attempt.payment_ref}/refund", json={"amount": amount_minor})


def pay_twice(gateway: httpx.Client, organisation_ids: tuple[int, ...], random: Random) -> None:
    """One in twelve captured payments is captured again, long after it was credited."""
    for attempt in _credited(organisation_ids):
        if random.random() < 1 / 12:
            gateway.post(f"/_sandbox/payments/{attempt.payment_ref}/capture_again")


def decide_as_a_person(gateway: httpx.Client, organisation_ids: tuple[int, ...], journal: Journal) -> None:
    """Gives back at the gateway, past us, what Khata leaves to a person and the gateway still has.

    That is money of top-ups under review, and surplus payments whose own refund failed.
    """
    mine = PaymentAttempt.objects.filter(top_up__organisation_id__in=organisation_ids)
    waiting = mine.filter(purchase_reference=None).filter(
        Q(top_up__state=TopUpState.REVIEW) | Q(refunds__origin=RefundOrigin.SURPLUS, refunds__state=RefundState.FAILED)
    )
    for ref in set(waiting.values_list("payment_ref", flat=True)):
        if ref in journal.taken and journal.taken[ref].kept_minor > 0:
            gateway.post(f"/v1/payments/{ref}/refund", json={})


def _credited(organisation_ids: tuple[int, ...]) -> "QuerySet[PaymentAttempt]":
    mine = PaymentAttempt.objects.filter(top_up__organisation_id__in=organisation_ids)
    return mine.filter(purchase_reference__isnull=False).order_by("id")


def _refund(top_up_id: UUID, amount_minor: int | None, key: str) -> None:
    try:
        operations.start_refund(
            top_up_id=top_up_id, amount_minor=amount_minor, idempotency_key=key, reason="Asked for", started_by="khata"
        )
    except REFUSALS:
        return
