"""Messages, two work tables that drain (parts awaiting their receipt, receipts awaiting their part), workers' leases;
what guards destinations, and messages from phones.

Every key of `message` leads with (shard, organisation_id). A message row exists only with its hold: both are written
by one transaction (operations/accept.py).
"""

from django.db import models
from django.db.models import Q

from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import ChargeOn
from khata.messaging.mail_contents import MailAttachment as MailAttachment
from khata.messaging.mail_contents import MailContent as MailContent
from khata.messaging.registrations import Registration as Registration
from khata.messaging.registrations import Sender as Sender
from khata.messaging.registrations import Template as Template

CHANNELS = {1: "sms", 2: "email"}
CHANNEL_CODES = {word: code for code, word in CHANNELS.items()}
OPEN_STATUSES = (MessageStatus.ACCEPTED, MessageStatus.SUBMITTING)
"""To be handed over now."""
ENCODINGS = {1: "gsm7", 2: "ucs2", 3: "utf8"}
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
    template_id = models.UUIDField(null=True)
    shard = models.SmallIntegerField()
    channel = models.SmallIntegerField(choices=list(CHANNELS.items()))
    status = models.SmallIntegerField(choices=[(s.value, s.word) for s in MessageStatus])
    encoding = models.SmallIntegerField(choices=list(ENCODINGS.items()))
    segments = models.SmallIntegerField()
    attempts = models.SmallIntegerField(default=0)
    route_id = models.SmallIntegerField(db_default=1)
    """Its route's version (RouteVersion) when it was accepted."""
    is_possible_duplicate = models.BooleanField(db_default=False)
    """Handed over once more after an answer was lost, by a route that is safe to resend."""
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
    scheduled_at = models.DateTimeField(null=True)
    """When it was to be handed over; NULL for what was to go at once."""
    # Indexes name these, never the status itself: a row can be rewritten in place (HOT) only while no column that an
    # index names changes, and a message's status changes with every step of its life.
    is_open = models.GeneratedField(
        expression=_truth(Q(status__in=OPEN_STATUSES)), output_field=models.BooleanField(), db_persist=True
    )
    is_doubtful = models.GeneratedField(
        expression=_truth(Q(status=MessageStatus.UNKNOWN)), output_field=models.BooleanField(), db_persist=True
    )
    # `due_at` itself changes with every new try, which would cost each of those its place in the page.
    release_at = models.GeneratedField(
        expression=models.Case(models.When(status=MessageStatus.SCHEDULED, then="due_at")),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    """`due_at` while it is scheduled, else NULL."""

    class Meta:
        indexes = [
            models.Index("route_id", "id", name="message_open_by_route", condition=Q(is_open=True)),
            models.Index("submitted_at", name="message_doubtful", condition=Q(is_doubtful=True)),
            models.Index("release_at", name="message_scheduled", condition=Q(release_at__isnull=False)),
            # A phone answers whoever wrote to it last from that number; names of letters get no answers.
            models.Index("recipient", "id", name="message_answerable", condition=Q(sender__regex="^[+0-9]")),
        ]


class RouteVersion(models.Model):
    """A route's policy as it is or was; never changed: another policy is another row. Credits are micro-credits."""

    id = models.SmallAutoField(primary_key=True)
    name = models.TextField()
    charge_on = models.TextField(choices=[(kind.value, kind.value) for kind in ChargeOn])
    receipt_wait_h = models.IntegerField()
    kept_per_segment = models.BigIntegerField()
    is_safe_to_resend = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "charge_on", "receipt_wait_h", "kept_per_segment", "is_safe_to_resend"],
                name="route_version_once",
            )
        ]


class CarrierReading(models.Model):
    """What one worker sees of one carrier, written every few seconds and for as long as its lease is in force."""

    pk = models.CompositePrimaryKey("token", "carrier")
    token = models.BigIntegerField()
    carrier = models.TextField()
    is_bound = models.BooleanField()
    is_resting = models.BooleanField()
    """After failures in a row."""
    window = models.IntegerField()
    outstanding_count = models.IntegerField()
    answers_per_min = models.IntegerField()
    detail = models.TextField()
    last_error = models.TextField()
    last_error_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField()


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
    due_at = models.DateTimeField()
    """When it is looked at: its carrier is asked, or its time is over."""
    message_id = models.UUIDField()
    shard = models.SmallIntegerField()
    part = models.SmallIntegerField()
    status = models.SmallIntegerField(default=MessageStatus.SUBMITTED)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    error_code = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["carrier_ref"], name="awaited_part_by_ref"),
            models.Index(fields=["due_at"], name="awaited_part_due"),
        ]


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


class Velocity(models.Model):
    """What was accepted to one destination, as core/velocity.py counts it; a row only where a rule counts."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "destination")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    destination = models.TextField()
    """A country, or the prefix a rule names."""
    hour_at = models.DateTimeField()
    in_hour = models.IntegerField()
    day = models.DateField()
    in_day = models.IntegerField()
    usual_per_day = models.IntegerField()


class OptOut(models.Model):
    """A number an organisation must not write to. The row goes when it may again."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "recipient")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    recipient = models.TextField()
    id = models.UUIDField()
    reason = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shard", "organisation_id", "id"], name="opt_out_by_id")]


class InboundNumber(models.Model):
    """A number or short code of ours that belongs to one organisation: what phones send there is its own."""

    number = models.TextField(primary_key=True)
    """Digits alone."""
    organisation_id = models.BigIntegerField()
    created_at = models.DateTimeField()


class InboundMessage(models.Model):
    """A message from a phone, as it came. Without an organisation where nobody can be told it is for."""

    id = models.UUIDField(primary_key=True)
    organisation_id = models.BigIntegerField(null=True)
    shard = models.SmallIntegerField(null=True)
    carrier = models.TextField()
    carrier_ref = models.TextField()
    sender = models.TextField()
    recipient = models.TextField()
    body = models.TextField()
    keyword = models.TextField()
    """STOP, START or HELP, where the whole text is such a word (core/keywords.py); else empty."""
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A carrier that gives no id may hand over two equal messages, and both are meant.
            models.UniqueConstraint(
                fields=["carrier", "carrier_ref", "sender", "recipient"],
                condition=~Q(carrier_ref=""),
                name="inbound_message_once",
            )
        ]
        indexes = [
            models.Index("shard", "organisation_id", "id", name="inbound_by_organisation"),
            models.Index("id", name="inbound_unmatched", condition=Q(organisation_id=None)),
        ]
