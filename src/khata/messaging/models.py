"""Messages, and two work tables that drain: parts awaiting their receipt, and receipts awaiting their part.

Every key of `message` leads with (shard, organisation_id). A message row exists only with its hold: both are written
by one transaction in operations.py.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from khata.messaging.core.life import MessageStatus

CHANNELS = {1: "sms", 2: "email"}
OPEN_STATUSES = (MessageStatus.SCHEDULED, MessageStatus.ACCEPTED, MessageStatus.SUBMITTING)
"""Not handed over yet."""
ENCODINGS = {1: "gsm7", 2: "ucs2"}


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
    leased_until = models.DateTimeField(null=True)
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
    carrier_refs = ArrayField(models.TextField(), null=True)
    error_code = models.TextField(null=True)
    error_detail = models.TextField(null=True)
    receipt_raw = models.TextField(null=True)
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


class AwaitedPart(models.Model):
    """One submitted segment whose final receipt has not come. Rows go when the message is final."""

    id = models.BigAutoField(primary_key=True)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    organisation_id = models.BigIntegerField()
    message_id = models.UUIDField()
    part = models.SmallIntegerField()
    status = models.SmallIntegerField(default=MessageStatus.SUBMITTED)
    error_code = models.TextField(default="")
    submitted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "part"], name="awaited_part_once")]
        indexes = [models.Index(fields=["carrier", "carrier_ref"], name="awaited_part_by_ref")]


class ParkedReceipt(models.Model):
    """A receipt stored as it came, before it is matched: it may be early, foreign or repeated."""

    id = models.BigAutoField(primary_key=True)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    state = models.TextField()
    error_code = models.TextField()
    raw = models.TextField()
    received_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

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
