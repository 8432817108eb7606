"""Messages, two work tables that drain (parts awaiting their receipt, receipts awaiting their part), workers' leases.

Every key of `message` leads with (shard, organisation_id). A message row exists only with its hold: both are written
by one transaction in operations.py.
"""

from django.db import models
from django.db.models import Q

from khata.messaging.core.life import MessageStatus

CHANNELS = {1: "sms", 2: "email"}
OPEN_STATUSES = (MessageStatus.SCHEDULED, MessageStatus.ACCEPTED, MessageStatus.SUBMITTING)
"""Not handed over yet."""
ENCODINGS = {1: "gsm7", 2: "ucs2"}
REFS_SEPARATOR = "\x1f"


def _truth(condition: Q) -> "models.ExpressionWrapper[Q]":
    return models.ExpressionWrapper(condition, output_field=models.BooleanField())


class Message(models.Model):
    """`credits` were held at acceptance; `credits_captured` is what was used of them once settled (NULL before)."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "id")
    # Widest first, so that rows carry no padding.
    organisation_id = models.BigIntegerField()
    credits = models.BigIntegerField()
    credits_captured = models.BigIntegerField(null=True)
    accepted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # While it is being handed over, by the worker whose lease has this token; NULL before and after.
    claimed_at = models.DateTimeField(null=True)
    lease_token = models.BigIntegerField(null=True)
    id = models.UUIDField()
    api_key_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    shard = models.SmallIntegerField()
    channel = models.SmallIntegerField(choices=list(CHANNELS.items()))
    status = models.SmallIntegerField(choices=[(s.value, s.word) for s in MessageStatus])
    encoding = models.SmallIntegerField(choices=list(ENCODINGS.items()))
    segments = models.SmallIntegerField()
    attempts = models.SmallIntegerField(default=0)
    recipient = models.TextField()
    sender = models.TextField()
    body = models.TextField()
    reference = models.TextField(null=True)
    metadata = models.JSONField(null=True)
    carrier = models.TextField(null=True)
    carrier_refs = models.TextField(null=True)
    """In the order of the segments, between REFS_SEPARATOR: an array would be 24 bytes longer."""
    error_code = models.TextField(null=True)
    error_detail = models.TextField(null=True)
    receipt_raw = models.TextField(null=True)
    """Kept of a message that was lost, for asking the carrier why."""
    # Indexes name these, never the status itself: a row can be rewritten in place (HOT) only while no column that an
    # index names changes, and a message's status changes with every step of its life.
    is_open = models.GeneratedField(
        expression=_truth(Q(status__in=OPEN_STATUSES)), output_field=models.BooleanField(), db_persist=True
    )
    is_doubtful = models.GeneratedField(
        expression=_truth(Q(status=MessageStatus.UNKNOWN)), output_field=models.BooleanField(), db_persist=True
    )

    class Meta:
        indexes = [
            models.Index("id", name="message_open", condition=Q(is_open=True)),
            models.Index("submitted_at", name="message_doubtful", condition=Q(is_doubtful=True)),
        ]


class WorkerLease(models.Model):
    """A worker's right to hand over what it claimed, renewed while it lives; its token fences what it writes later.

    `unbroken_since` is when it was taken, or renewed after it had run out.
    """

    token = models.BigIntegerField(primary_key=True)
    leased_until = models.DateTimeField()
    unbroken_since = models.DateTimeField()


class AwaitedPart(models.Model):
    """One submitted segment whose final receipt has not come. Rows go when the message is final."""

    pk = models.CompositePrimaryKey("message_id", "part")
    organisation_id = models.BigIntegerField()
    submitted_at = models.DateTimeField()
    message_id = models.UUIDField()
    shard = models.SmallIntegerField()
    part = models.SmallIntegerField()
    status = models.SmallIntegerField(default=MessageStatus.SUBMITTED)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    error_code = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["carrier_ref"], name="awaited_part_by_ref")]


class ParkedReceipt(models.Model):
    """A receipt that fits nothing yet, as it came: it may be early or foreign."""

    id = models.BigAutoField(primary_key=True)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    state = models.TextField()
    error_code = models.TextField()
    raw = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["carrier", "carrier_ref"], name="parked_receipt_by_ref")]


class IdempotencyKey(models.Model):
    """The answer given to a request that carried an Idempotency-Key, written in the commit of its effect."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "call", "key")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    call = models.TextField()
    key = models.TextField()
    request_digest = models.BinaryField()
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("created_at", name="idempotency_key_age")]


class Allowance(models.Model):
    """What is left of a limited organisation's (or API key's) rate and caps. Only those with limits have a row."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "api_key_id")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    api_key_id = models.UUIDField()
    """All zeros for the organisation itself."""
    messages_micro = models.BigIntegerField()
    filled_at = models.DateTimeField()
    day = models.DateField()
    credits_today = models.BigIntegerField()
    credits_this_month = models.BigIntegerField()
