"""The calls about webhook endpoints."""

from typing import Any

from khata.api.reference.call import CURSOR, LIMIT, Call, id_in_path
from khata.api.webhook_endpoints import (
    SCOPE,
    NewWebhookEndpoint,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookEndpoint,
    WebhookEndpointBody,
    WebhookEndpointChange,
    WebhookEndpointList,
)
from khata.webhooks.operations import WebhookEndpointDisabled, WebhookEndpointLimitReached

_ENDPOINT: dict[str, Any] = {
    "id": "whe_01kc1v7qk0h5x9m3t8w2b6n4zh",
    "url": "https://shop.example.com/khata",
    "event_types": ["message.delivered", "top_up.paid"],
    "description": "Shop",
    "status": "enabled",
    "disabled_reason": None,
    "failing_since": None,
    "created_at": "2026-11-22T13:48:13.123456Z",
}
_NEW_ENDPOINT = {**_ENDPOINT, "secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
_PENDING: dict[str, Any] = {
    "id": "whd_01kc1v7qk0h5x9m3t8w2b6n4zk",
    "webhook_id": "evt_01kc1v7qk0h5x9m3t8w2b6n4zj",
    "event_type": "top_up.paid",
    "payload": {
        "type": "top_up.paid",
        "timestamp": "2026-11-22T13:50:00Z",
        "data": {"id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka", "status": "paid"},
    },
    "status": "pending",
    "created_at": "2026-11-22T13:50:00Z",
    "next_attempt_at": "2026-11-22T13:50:00Z",
    "finished_at": None,
    "attempts": [],
}
_DELIVERED = {
    **_PENDING,
    "status": "delivered",
    "next_attempt_at": None,
    "finished_at": "2026-11-22T13:50:05.5Z",
    "attempts": [
        {
            "at": "2026-11-22T13:50:00.1Z",
            "duration_ms": 15_000,
            "status_code": None,
            "error": "No answer within 15 seconds.",
            "answer": "",
        },
        {"at": "2026-11-22T13:50:05.4Z", "duration_ms": 41, "status_code": 200, "error": None, "answer": "ok"},
    ],
}
_ENDPOINT_ID = id_in_path("webhook_endpoint_id", "whe", "The endpoint's `id`.")

WEBHOOK_CALLS = (
    Call(
        "POST",
        "/v1/webhook-endpoints",
        "Add a webhook endpoint",
        "From now on events of these types are sent to it, signed by the Standard Webhooks specification with "
        "`secret`, which is shown only here. An organisation has at most 10.",
        201,
        NewWebhookEndpoint,
        _NEW_ENDPOINT,
        SCOPE,
        bodies=(WebhookEndpointBody,),
        examples={
            "two kinds of events": {"url": _ENDPOINT["url"], "event_types": _ENDPOINT["event_types"]},
        },
        headers=("Location",),
        errors=(WebhookEndpointLimitReached,),
    ),
    Call(
        "GET",
        "/v1/webhook-endpoints",
        "List webhook endpoints",
        "All of them, oldest first.",
        200,
        WebhookEndpointList,
        {"data": [_ENDPOINT]},
        SCOPE,
    ),
    Call(
        "GET",
        "/v1/webhook-endpoints/{webhook_endpoint_id}",
        "Read a webhook endpoint",
        "One endpoint, and how it does.",
        200,
        WebhookEndpoint,
        _ENDPOINT,
        SCOPE,
        parameters=(_ENDPOINT_ID,),
    ),
    Call(
        "PATCH",
        "/v1/webhook-endpoints/{webhook_endpoint_id}",
        "Change a webhook endpoint",
        "What is left out stays as it is. While it is `disabled` nothing is sent to it, nor made up for later.",
        200,
        WebhookEndpoint,
        _ENDPOINT,
        SCOPE,
        bodies=(WebhookEndpointChange,),
        examples={"enabled again": {"status": "enabled"}},
        parameters=(_ENDPOINT_ID,),
    ),
    Call(
        "DELETE",
        "/v1/webhook-endpoints/{webhook_endpoint_id}",
        "Delete a webhook endpoint",
        "Nothing more is sent to it. Answers with the endpoint as it was.",
        200,
        WebhookEndpoint,
        _ENDPOINT,
        SCOPE,
        parameters=(_ENDPOINT_ID,),
    ),
    Call(
        "POST",
        "/v1/webhook-endpoints/{webhook_endpoint_id}/secret",
        "Give a webhook endpoint another secret",
        "For one day requests carry two signatures, by the new secret and by the one before it.",
        200,
        NewWebhookEndpoint,
        _NEW_ENDPOINT,
        SCOPE,
        parameters=(_ENDPOINT_ID,),
    ),
    Call(
        "POST",
        "/v1/webhook-endpoints/{webhook_endpoint_id}/test",
        "Send a test event",
        "Sends `webhook.test` the way every event goes. Ask for the endpoint's deliveries to see how it went.",
        202,
        WebhookDelivery,
        _PENDING,
        SCOPE,
        parameters=(_ENDPOINT_ID,),
        errors=(WebhookEndpointDisabled,),
    ),
    Call(
        "GET",
        "/v1/webhook-endpoints/{webhook_endpoint_id}/deliveries",
        "List deliveries",
        "What was sent to an endpoint within the last 30 days and what it answered, newest first.",
        200,
        WebhookDeliveryPage,
        {"data": [_DELIVERED], "next_cursor": None},
        SCOPE,
        parameters=(_ENDPOINT_ID, LIMIT, CURSOR),
    ),
    Call(
        "POST",
        "/v1/webhook-endpoints/{webhook_endpoint_id}/deliveries/{webhook_delivery_id}/resend",
        "Send an event again",
        "Another delivery of the same event, with the same `webhook-id`.",
        202,
        WebhookDelivery,
        _PENDING,
        SCOPE,
        parameters=(_ENDPOINT_ID, id_in_path("webhook_delivery_id", "whd", "The delivery's `id`.")),
        errors=(WebhookEndpointDisabled,),
    ),
)
