"""Reads of webhook endpoints and deliveries, always of one organisation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.webhooks.core.retries import DeliveryState
from khata.webhooks.models import Delivery, DeliveryAttempt, DisabledReason, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """`failing_since` is set while every attempt fails; `disabled_at` and its reason while nothing is sent."""

    id: UUID
    url: str
    description: str
    event_types: tuple[str, ...]
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str
    former_secret_until: datetime | None

    @property
    def public_id(self) -> str:
        return public_id("whe", self.id)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """`status_code` is None where no answer came; `answer` is the beginning of its body."""

    number: int
    began_at: datetime
    duration_ms: int
    status_code: int | None
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One event to one endpoint. `next_attempt_at` is set while it is pending; attempts stand oldest first."""

    id: UUID
    event_id: UUID
    endpoint_id: UUID
    type: str
    body: str
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    attempts: tuple[AttemptRow, ...]

    @property
    def public_id(self) -> str:
        return public_id("whd", self.id)

    @property
    def webhook_id(self) -> str:
        return public_id("evt", self.event_id)

    @property
    def last_attempt(self) -> AttemptRow | None:
        return self.attempts[-1] if self.attempts else None


def endpoints(*, organisation_id: int) -> list[EndpointRow]:
    """All of them, oldest first; there are few."""
    return [_endpoint_row(row) for row in endpoints_of(organisation_id).order_by("id")]


def endpoint(*, organisation_id: int, endpoint_id: UUID) -> EndpointRow:
    """Raises NotFound."""
    row = endpoints_of(organisation_id).filter(id=endpoint_id).first()
    if row is None:
        raise NotFound
    return _endpoint_row(row)


def endpoints_of(organisation_id: int) -> QuerySet[WebhookEndpoint]:
    """Those that were not deleted; for this domain alone."""
    rows = WebhookEndpoint.objects.filter(organisation_id=organisation_id)
    return rows.exclude(disabled_reason=DisabledReason.DELETED)


def deliveries(
    *, organisation_id: int, endpoint_id: UUID, before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT
) -> Page[DeliveryRow]:
    """Newest first; `next_cursor` is the id to continue before. Raises NotFound."""
    endpoint(organisation_id=organisation_id, endpoint_id=endpoint_id)
    rows = _deliveries(organisation_id).filter(endpoint_id=endpoint_id).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return page_of([_delivery_row(row) for row in rows[: limit + 1]], limit)


def delivery(*, organisation_id: int, delivery_id: UUID) -> DeliveryRow:
    """Raises NotFound."""
    row = _deliveries(organisation_id).filter(id=delivery_id).first()
    if row is None:
        raise NotFound
    return _delivery_row(row)


def _deliveries(organisation_id: int) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(organisation_id=organisation_id)
    rows = rows.exclude(endpoint__disabled_reason=DisabledReason.DELETED)
    return rows.select_related("event").prefetch_related("attempts")


def _endpoint_row(row: WebhookEndpoint) -> EndpointRow:
    return EndpointRow(
        id=row.id,
        url=row.url,
        description=row.description,
        event_types=tuple(row.event_types),
        created_at=row.created_at,
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
        former_secret_until=row.former_until,
    )


def _delivery_row(row: Delivery) -> DeliveryRow:
    return DeliveryRow(
        id=row.id,
        event_id=row.event_id,
        endpoint_id=row.endpoint_id,
        type=row.event.type,
        body=row.event.body,
        state=DeliveryState(row.state),
        created_at=row.created_at,
        next_attempt_at=row.due_at,
        finished_at=row.finished_at,
        attempts=tuple(_attempt_row(each) for each in sorted(row.attempts.all(), key=lambda each: each.number)),
    )


def _attempt_row(row: DeliveryAttempt) -> AttemptRow:
    return AttemptRow(row.number, row.began_at, row.duration_ms, row.status_code, row.error, row.answer)
