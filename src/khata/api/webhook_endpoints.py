"""`/v1/webhook-endpoints`: where events are sent, with which secret, and how it went."""

import json
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import read_body
from khata.api.ids import cursor_after, uuid_in_path
from khata.api.query import read_query
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.kernel.clock import rfc3339
from khata.kernel.errors import NotFound
from khata.webhooks import operations, queries

SCOPE = "webhooks"


class WebhookEndpointBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/webhook-endpoints`."""

    url: str
    event_types: list[str]
    description: str = ""


class WebhookEndpointChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `PATCH /v1/webhook-endpoints/{id}`: what is left out stays."""

    url: str | None = None
    event_types: list[str] | None = None
    description: str | None = None
    status: Literal["enabled", "disabled"] | None = None


class WebhookEndpoint(msgspec.Struct):
    """Where events are sent. `failing_since` is `null` while the last attempt succeeded."""

    id: str
    url: str
    event_types: list[str]
    description: str
    status: str
    disabled_reason: str | None
    failing_since: str | None
    created_at: str


class NewWebhookEndpoint(WebhookEndpoint):
    """An endpoint with the secret it has from now on, which is shown only here."""

    secret: str


class WebhookEndpointList(msgspec.Struct):
    data: list[WebhookEndpoint]


class WebhookAttempt(msgspec.Struct):
    """One request to an endpoint: a status, or the error why there was none."""

    at: str
    duration_ms: int
    status_code: int | None
    error: str | None
    answer: str


class WebhookDelivery(msgspec.Struct):
    """One event on its way to one endpoint, with every attempt, oldest first."""

    id: str
    webhook_id: str
    event_type: str
    payload: dict[str, Any]
    status: str
    created_at: str
    next_attempt_at: str | None
    finished_at: str | None
    attempts: list[WebhookAttempt]


class WebhookDeliveryPage(msgspec.Struct):
    data: list[WebhookDelivery]
    next_cursor: str | None


@post("/v1/webhook-endpoints", status_code=201)
async def create_webhook_endpoint(request: Request[Any, Any, Any]) -> Any:
    body = await read_body(request, WebhookEndpointBody)
    made = await in_database_thread(partial(_create, request, body))
    return answer(made, status=201, headers={"Location": f"/v1/webhook-endpoints/{made.id}"})


@get("/v1/webhook-endpoints")
async def list_webhook_endpoints(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


@get("/v1/webhook-endpoints/{webhook_endpoint_id:str}")
async def read_webhook_endpoint(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, webhook_endpoint_id)))


@patch("/v1/webhook-endpoints/{webhook_endpoint_id:str}")
async def change_webhook_endpoint(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    body = await read_body(request, WebhookEndpointChange)
    return answer(await in_database_thread(partial(_change, request, webhook_endpoint_id, body)))


@delete("/v1/webhook-endpoints/{webhook_endpoint_id:str}", status_code=200)
async def delete_webhook_endpoint(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    """Answers with the endpoint as it was."""
    return answer(await in_database_thread(partial(_delete, request, webhook_endpoint_id)))


@post("/v1/webhook-endpoints/{webhook_endpoint_id:str}/secret", status_code=200)
async def rotate_webhook_secret(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_rotate, request, webhook_endpoint_id)))


@post("/v1/webhook-endpoints/{webhook_endpoint_id:str}/test", status_code=202)
async def test_webhook_endpoint(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_test, request, webhook_endpoint_id)), status=202)


@get("/v1/webhook-endpoints/{webhook_endpoint_id:str}/deliveries")
async def list_webhook_deliveries(request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_deliveries, request, webhook_endpoint_id)))


@post("/v1/webhook-endpoints/{webhook_endpoint_id:str}/deliveries/{webhook_delivery_id:str}/resend", status_code=202)
async def resend_webhook_delivery(
    request: Request[Any, Any, Any], webhook_endpoint_id: FromPath[str], webhook_delivery_id: FromPath[str]
) -> Any:
    call = partial(_resend, request, webhook_endpoint_id, webhook_delivery_id)
    return answer(await in_database_thread(call), status=202)


def _create(request: Request[Any, Any, Any], body: WebhookEndpointBody) -> NewWebhookEndpoint:
    caller = authenticate(request, SCOPE)
    endpoint_id, secret = operations.create_endpoint(
        organisation_id=caller.organisation_id,
        url=body.url,
        event_types=body.event_types,
        description=body.description,
    )
    return _with_secret(caller.organisation_id, endpoint_id, secret)


def _list(request: Request[Any, Any, Any]) -> WebhookEndpointList:
    caller = authenticate(request, SCOPE)
    found = queries.endpoints(organisation_id=caller.organisation_id)
    return WebhookEndpointList([WebhookEndpoint(**_fields(row)) for row in found])


def _read(request: Request[Any, Any, Any], webhook_endpoint_id: str) -> WebhookEndpoint:
    caller = authenticate(request, SCOPE)
    return _shown(caller.organisation_id, uuid_in_path("whe", webhook_endpoint_id))


def _change(request: Request[Any, Any, Any], webhook_endpoint_id: str, body: WebhookEndpointChange) -> WebhookEndpoint:
    caller = authenticate(request, SCOPE)
    endpoint_id = uuid_in_path("whe", webhook_endpoint_id)
    operations.change_endpoint(
        organisation_id=caller.organisation_id,
        endpoint_id=endpoint_id,
        url=body.url,
        event_types=body.event_types,
        description=body.description,
        is_enabled=None if body.status is None else body.status == "enabled",
    )
    return _shown(caller.organisation_id, endpoint_id)


def _delete(request: Request[Any, Any, Any], webhook_endpoint_id: str) -> WebhookEndpoint:
    caller = authenticate(request, SCOPE)
    endpoint_id = uuid_in_path("whe", webhook_endpoint_id)
    was = _shown(caller.organisation_id, endpoint_id)
    operations.delete_endpoint(organisation_id=caller.organisation_id, endpoint_id=endpoint_id)
    return was


def _rotate(request: Request[Any, Any, Any], webhook_endpoint_id: str) -> NewWebhookEndpoint:
    caller = authenticate(request, SCOPE)
    endpoint_id = uuid_in_path("whe", webhook_endpoint_id)
    secret = operations.rotate_secret(organisation_id=caller.organisation_id, endpoint_id=endpoint_id)
    return _with_secret(caller.organisation_id, endpoint_id, secret)


def _test(request: Request[Any, Any, Any], webhook_endpoint_id: str) -> WebhookDelivery:
    caller = authenticate(request, SCOPE)
    endpoint_id = uuid_in_path("whe", webhook_endpoint_id)
    delivery_id = operations.send_test_event(organisation_id=caller.organisation_id, endpoint_id=endpoint_id)
    return _delivery(queries.delivery(organisation_id=caller.organisation_id, delivery_id=delivery_id))


def _deliveries(request: Request[Any, Any, Any], webhook_endpoint_id: str) -> WebhookDeliveryPage:
    caller = authenticate(request, SCOPE)
    query = read_query(request, "limit", "cursor")
    page = queries.deliveries(
        organisation_id=caller.organisation_id,
        endpoint_id=uuid_in_path("whe", webhook_endpoint_id),
        before_id=query.before_id("whd"),
        limit=query.limit(),
    )
    return WebhookDeliveryPage([_delivery(row) for row in page.rows], cursor_after(page, "whd"))


def _resend(request: Request[Any, Any, Any], webhook_endpoint_id: str, webhook_delivery_id: str) -> WebhookDelivery:
    caller = authenticate(request, SCOPE)
    organisation_id, delivery_id = caller.organisation_id, uuid_in_path("whd", webhook_delivery_id)
    former = queries.delivery(organisation_id=organisation_id, delivery_id=delivery_id)
    if former.endpoint_id != uuid_in_path("whe", webhook_endpoint_id):
        raise NotFound
    again = operations.resend(organisation_id=organisation_id, delivery_id=delivery_id)
    return _delivery(queries.delivery(organisation_id=organisation_id, delivery_id=again))


def _shown(organisation_id: int, endpoint_id: UUID) -> WebhookEndpoint:
    return WebhookEndpoint(**_fields(queries.endpoint(organisation_id=organisation_id, endpoint_id=endpoint_id)))


def _with_secret(organisation_id: int, endpoint_id: UUID, secret: str) -> NewWebhookEndpoint:
    row = queries.endpoint(organisation_id=organisation_id, endpoint_id=endpoint_id)
    return NewWebhookEndpoint(**_fields(row), secret=secret)


def _fields(row: queries.EndpointRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "url": row.url,
        "event_types": list(row.event_types),
        "description": row.description,
        "status": "enabled" if row.disabled_at is None else "disabled",
        "disabled_reason": row.disabled_reason or None,
        "failing_since": instant(row.failing_since),
        "created_at": rfc3339(row.created_at),
    }


def _delivery(row: queries.DeliveryRow) -> WebhookDelivery:
    return WebhookDelivery(
        id=row.public_id,
        webhook_id=row.webhook_id,
        event_type=row.type,
        payload=json.loads(row.body),
        status=row.state.value,
        created_at=rfc3339(row.created_at),
        next_attempt_at=instant(row.next_attempt_at),
        finished_at=instant(row.finished_at),
        attempts=[
            WebhookAttempt(rfc3339(a.began_at), a.duration_ms, a.status_code, a.error or None, a.answer)
            for a in row.attempts
        ],
    )
