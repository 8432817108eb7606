"""What can be done about webhooks: keep endpoints, record events, deliver them."""

from khata.webhooks.core.event_types import CHOOSABLE, EventType
from khata.webhooks.errors import WebhookEndpointDisabled, WebhookEndpointLimitReached
from khata.webhooks.operations.announcements import DisabledEndpoint, take_unannounced
from khata.webhooks.operations.deliveries import (
    Outcome,
    claim_deliveries,
    drop_old_events,
    resend,
    send_test_event,
    write_outcomes,
)
from khata.webhooks.operations.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
)
from khata.webhooks.operations.events import Event, listening, record_events

__all__ = [
    "CHOOSABLE",
    "DisabledEndpoint",
    "Event",
    "EventType",
    "Outcome",
    "WebhookEndpointDisabled",
    "WebhookEndpointLimitReached",
    "change_endpoint",
    "claim_deliveries",
    "create_endpoint",
    "delete_endpoint",
    "drop_old_events",
    "listening",
    "record_events",
    "resend",
    "rotate_secret",
    "send_test_event",
    "take_unannounced",
    "write_outcomes",
]
