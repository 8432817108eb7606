"""Sending domains with their keys, and addresses that must not be written to."""

from django.db import models

from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid


class SendingDomain(models.Model):
    """A domain an organisation may send from once `verified_at` is set. What DNS said last is kept, for its people."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation_id = models.BigIntegerField()
    name = models.TextField()
    """In lower-case ASCII."""
    selector = models.TextField()
    private_key = models.BinaryField()
    """Sealed (private_keys.py)."""
    public_key = models.TextField()
    created_at = models.DateTimeField(default=utc_now)
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    findings = models.JSONField(default=dict)
    """Of the last check: kind of record → state."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation_id", "name"], name="sending_domain_once")]


class SuppressionReason(models.TextChoices):
    BOUNCE = "bounce", "Bounced"
    COMPLAINT = "complaint", "Complained"
    UNSUBSCRIBE = "unsubscribe", "Unsubscribed"


class Suppression(models.Model):
    """An address an organisation must not write to. A bounce or a complaint outweighs an unsubscribe."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "address")
    organisation_id = models.BigIntegerField()
    id = models.UUIDField(default=new_uuid, editable=False)
    """Names it where an address must not stand: in paths, which logs and histories keep."""
    created_at = models.DateTimeField(default=utc_now)
    message_id = models.UUIDField(null=True)
    """Which message it was about."""
    shard = models.SmallIntegerField()
    address = models.TextField()
    """In lower case as a whole: hardly a mailbox tells cases apart, and a missed suppression is the worse mistake."""
    reason = models.TextField(choices=SuppressionReason.choices)
    detail = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation_id", "id"], name="suppression_by_id")]
