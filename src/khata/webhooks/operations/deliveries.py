"""Deliveries: begun by hand too, claimed by a worker, written once their answer is there, forgotten in the end."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.ids import new_uuid, public_id
from khata.kernel.transactions import in_transaction, needs_database
from khata.webhooks import rows
from khata.webhooks.core.event_types import EventType
from khata.webhooks.core.retries import FAILING_MAX, DeliveryState, Verdict, judge
from khata.webhooks.errors import WebhookEndpointDisabled
from khata.webhooks.models import Delivery, DeliveryAttempt, DisabledReason, WebhookEndpoint
from khata.webhooks.operations.endpoints import disable, lock_endpoint
from khata.webhooks.operations.events import Event, record_for
from khata.webhooks.rows import ClaimedDelivery, Connection

AT_ONCE_MAX = 8
"""Attempts one worker makes at one endpoint at the same time."""

KEPT_FOR = timedelta(days=30)
_DROP_COUNT = 5_000


class Outcome(NamedTuple):
    """What one attempt came to. `status_code` is None where no answer came: `error` says why."""

    delivery: ClaimedDelivery
    began_at: datetime
    duration_ms: int
    status_code: int | None
    error: str = ""
    answer: str = ""


def send_test_event(*, organisation_id: int, endpoint_id: UUID) -> UUID:
    """Records `webhook.test` for this one endpoint; it goes the way of all events. Returns the delivery's id.

    Raises NotFound, WebhookEndpointDisabled.
    """
    with in_transaction() as connection:
        _locked_enabled(organisation_id, endpoint_id)
        data = {"id": public_id("whe", endpoint_id), "text": "This is a test."}
        event = Event(organisation_id, EventType.WEBHOOK_TEST, utc_now(), data)
        (delivery_id,) = record_for(connection, [(event, [endpoint_id])])
    return delivery_id


def resend(*, organisation_id: int, delivery_id: UUID) -> UUID:
    """Another delivery of the same event, with the same `webhook-id`. Returns its id.

    Raises NotFound, WebhookEndpointDisabled.
    """
    with in_transaction():
        former = Delivery.objects.filter(organisation_id=organisation_id, id=delivery_id).first()
        if former is None:
            raise NotFound
        _locked_enabled(organisation_id, former.endpoint_id)
        again = Delivery(
            id=new_uuid(),
            organisation_id=organisation_id,
            event_id=former.event_id,
            endpoint_id=former.endpoint_id,
        )
        again.save(force_insert=True)
    return again.id


@needs_database
def claim_deliveries(*, busy: Mapping[UUID, int], limit: int) -> list[ClaimedDelivery]:
    """What is due, for one attempt each; committed before anything is sent."""
    with in_transaction() as connection:
        return rows.claim(connection, busy=busy, at_once_max=AT_ONCE_MAX, limit=limit)


@needs_database
def write_outcomes(outcomes: Sequence[Outcome]) -> None:
    """One transaction for all: states, the log, and what they mean for their endpoints."""
    verdicts = {outcome.delivery.id: _verdict(outcome) for outcome in outcomes}
    with in_transaction() as connection:
        endpoints = _lock_endpoints(outcomes, verdicts)
        written = _write_states(connection, outcomes, verdicts)
        DeliveryAttempt.objects.bulk_create(_attempt(outcome) for outcome in written)
        _judge_endpoints(endpoints, written, verdicts)


@needs_database
def drop_old_events() -> int:
    """What happened longer ago than KEPT_FOR, with its log, and endpoints deleted by then. Returns how many events."""
    before = utc_now() - KEPT_FOR
    with in_transaction() as connection:
        count = rows.drop_events(connection, before=before, limit=_DROP_COUNT)
    deleted = WebhookEndpoint.objects.filter(disabled_reason=DisabledReason.DELETED, disabled_at__lt=before)
    deleted.filter(deliveries=None).delete()
    return count


def _locked_enabled(organisation_id: int, endpoint_id: UUID) -> None:
    if lock_endpoint(organisation_id, endpoint_id).disabled_at is not None:
        raise WebhookEndpointDisabled


def _verdict(outcome: Outcome) -> Verdict:
    return judge(
        status_code=outcome.status_code,
        attempts_count=outcome.delivery.attempts_count,
        jitter_permille=random.randrange(1_000),
    )


def _lock_endpoints(outcomes: Sequence[Outcome], verdicts: Mapping[UUID, Verdict]) -> list[WebhookEndpoint]:
    """Those that may change, in the order of ids, and before any delivery: whoever disables one locks it like that."""
    well: set[UUID] = set()
    unwell: set[UUID] = set()
    for outcome in outcomes:
        is_well = verdicts[outcome.delivery.id].state is DeliveryState.DELIVERED
        (well if is_well else unwell).add(outcome.delivery.endpoint_id)
    has_news = Q(id__in=unwell) | Q(id__in=well, failing_since__isnull=False)
    enabled = WebhookEndpoint.objects.filter(has_news, disabled_at=None)
    return list(enabled.order_by("id").select_for_update(no_key=True))


def _write_states(
    connection: Connection, outcomes: Sequence[Outcome], verdicts: Mapping[UUID, Verdict]
) -> list[Outcome]:
    """What was not written any more has no log either."""
    states = [
        (outcome.delivery.id, outcome.delivery.attempts_count, verdict.wait_ms, verdict.state.value)
        for outcome in outcomes
        for verdict in [verdicts[outcome.delivery.id]]
    ]
    written = rows.write_states(connection, states)
    return [outcome for outcome in outcomes if outcome.delivery.id in written]


def _attempt(outcome: Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=outcome.delivery.id,
        number=outcome.delivery.attempts_count,
        began_at=outcome.began_at,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error,
        answer=outcome.answer,
    )


def _judge_endpoints(
    endpoints: Sequence[WebhookEndpoint], outcomes: Sequence[Outcome], verdicts: Mapping[UUID, Verdict]
) -> None:
    found: dict[UUID, list[Verdict]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.delivery.endpoint_id, []).append(verdicts[outcome.delivery.id])
    for endpoint in endpoints:
        if endpoint.id in found:
            _judge_endpoint(endpoint, found[endpoint.id])


def _judge_endpoint(endpoint: WebhookEndpoint, verdicts: Sequence[Verdict]) -> None:
    """Success clears `failing_since`, failure alone sets it."""
    now = utc_now()
    is_well = any(verdict.state is DeliveryState.DELIVERED for verdict in verdicts)
    failing_since = None if is_well else endpoint.failing_since or now
    if failing_since != endpoint.failing_since:
        endpoint.failing_since = failing_since
        endpoint.save(update_fields=["failing_since"])
    if any(verdict.is_gone for verdict in verdicts):
        disable(endpoint, DisabledReason.GONE)
    elif failing_since is not None and now - failing_since >= FAILING_MAX:
        disable(endpoint, DisabledReason.FAILING)
