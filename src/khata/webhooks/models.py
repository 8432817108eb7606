"""Endpoints, the events recorded for them, one delivery for each event and endpoint, and every attempt at one.

None of these names an organisation by a foreign key: organisations live on the same floor.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.webhooks.core.retries import DeliveryState

# Plain text, so that migrations need no code of today.
_PENDING = DeliveryState.PENDING.value


class DisabledReason(models.TextChoices):
    SWITCHED_OFF = "switched_off", "Switched off"
    GONE = "gone", "It answered 410 Gone"
    FAILING = "failing", "It did nothing but fail"
    DELETED = "deleted", "Deleted"


class WebhookEndpoint(models.Model):
    """An address of a customer's program. A deleted one stays until its last delivery is forgotten."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation_id = models.BigIntegerField()
    url = models.CharField(max_length=2_000)
    description = models.CharField(max_length=120, blank=True)
    event_types = ArrayField(models.TextField())
    salt = models.BinaryField()
    """The secret is derived from it (secret_keys.py)."""
    former_salt = models.BinaryField(null=True)
    former_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now)
    failing_since = models.DateTimeField(null=True)
    """Since when every attempt has failed; NULL while the last one did not."""
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=12, choices=DisabledReason.choices, blank=True)
    announced_at = models.DateTimeField(null=True)
    """When its people were told that it was disabled."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_reason="")
                | Q(disabled_at__isnull=False) & ~Q(disabled_reason=""),
                name="webhook_endpoint_disabled_for_a_reason",
            )
        ]
        indexes = [
            models.Index(fields=["organisation_id", "id"], name="webhook_endpoint_by_org"),
            models.Index(
                fields=["disabled_at"],
                name="webhook_endpoint_unannounced",
                condition=Q(announced_at__isnull=True, disabled_at__isnull=False),
            ),
        ]


class RecordedEvent(models.Model):
    """Something that became true, as it is told: `body` is what is signed and sent, byte for byte."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation_id = models.BigIntegerField()
    type = models.TextField()
    body = models.TextField()
    recorded_at = models.DateTimeField(default=utc_now)

    class Meta:
        indexes = [models.Index(fields=["recorded_at"], name="webhook_event_age")]


class Delivery(models.Model):
    """One event on its way to one endpoint. While an attempt runs, `due_at` is when another worker may try."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation_id = models.BigIntegerField()
    event = models.ForeignKey(RecordedEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=9, choices=[(s.value, s.name) for s in DeliveryState], default=_PENDING)
    attempts_count = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(default=utc_now)
    due_at = models.DateTimeField(null=True, default=utc_now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=_PENDING, due_at__isnull=False, finished_at__isnull=True)
                | ~Q(state=_PENDING) & Q(due_at__isnull=True, finished_at__isnull=False),
                name="webhook_delivery_due_while_pending",
            )
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_by_endpoint"),
            models.Index(fields=["endpoint", "due_at"], name="webhook_delivery_due", condition=Q(due_at__isnull=False)),
        ]


class DeliveryAttempt(models.Model):
    """One request, and what came back: a status, or why there was none."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.SmallIntegerField()
    began_at = models.DateTimeField()
    duration_ms = models.IntegerField()
    status_code = models.SmallIntegerField(null=True)
    error = models.TextField()
    answer = models.TextField()
    """The first bytes of the body, for the customer to see."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_once")]
