"""Money given back, and disputes over payments. Kept beside top-ups, not split by shard, for the same reason."""

from django.db import models
from django.db.models import F, Q

from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.models.top_ups import PaymentAttempt, TopUp
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid, public_id
from khata.payments.reversals import DisputeStatus

# Plain text, so that migrations need no code of today.
_PROCESSED, _SURPLUS = RefundState.PROCESSED.value, RefundOrigin.SURPLUS.value


class Refund(models.Model):
    """Money of one payment going back. Its share of tax and credits is frozen when it is made."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="refunds")
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, related_name="refunds")
    origin = models.CharField(max_length=8, choices=[(o.value, o.name) for o in RefundOrigin])
    state = models.CharField(
        max_length=12, choices=[(s.value, s.name) for s in RefundState], default=RefundState.REQUESTED.value
    )
    amount_minor = models.BigIntegerField()
    """With tax."""
    tax_minor = models.BigIntegerField()
    credits_micro = models.BigIntegerField()
    """0 for a surplus payment, which was never credited."""
    bonus_micro = models.BigIntegerField(default=0)
    """What was unspent of its share of the top-up's bonus, taken with it."""
    bonus_reference = models.UUIDField(null=True, unique=True)
    """The ledger's, of the hold of that; NULL where there is none."""
    asked_minor = models.BigIntegerField(null=True)
    """What was asked for; NULL for all of it."""
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    refund_ref = models.CharField(max_length=64, null=True)
    receipt = models.CharField(max_length=255, blank=True)
    """What the gateway knows it by beside its own reference: our public id where we started it."""
    bank_ref = models.CharField(max_length=255, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True)
    reason = models.CharField(max_length=255, blank=True)
    started_by = models.CharField(max_length=64)
    """A member's or API key's public id, "khata" or "gateway"."""
    reference = models.UUIDField(unique=True)
    """The ledger's: of the hold where we started it, of the reversal where we did not."""
    error_code = models.CharField(max_length=255, blank=True)
    """Why the gateway refused it."""
    created_at = models.DateTimeField(default=utc_now)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When the gateway is asked for it (again); NULL once it has its reference or its end."""
    tries = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["top_up", "idempotency_key"], name="refund_key_once"),
            models.UniqueConstraint(fields=["gateway_code", "mode", "refund_ref"], name="refund_once"),
            models.UniqueConstraint(fields=["attempt"], name="surplus_refunded_once", condition=Q(origin=_SURPLUS)),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, tax_minor__gte=0, amount_minor__gte=F("tax_minor")),
                name="refund_tax_within_amount",
            ),
            models.CheckConstraint(condition=Q(credits_micro__gte=0), name="refund_credits_not_negative"),
            models.CheckConstraint(
                condition=~Q(state=_PROCESSED) | Q(refund_ref__isnull=False, ended_at__isnull=False),
                name="refund_processed_has_reference",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="refund_due", condition=Q(due_at__isnull=False))]

    @property
    def public_id(self) -> str:
        return public_id("rfnd", self.id)


class Dispute(models.Model):
    """A payer's bank asks for a payment back, as the gateway last reported it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="disputes")
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, related_name="disputes")
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    dispute_ref = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=[(s.value, s.name) for s in DisputeStatus])
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason_code = models.CharField(max_length=255, blank=True)
    respond_by = models.DateTimeField(null=True)
    credits_micro = models.BigIntegerField()
    """What its amount bought; 0 for a payment that was never credited."""
    reference = models.UUIDField(unique=True)
    """The ledger's, of the credits held while it is open."""
    reversal_reference = models.UUIDField(unique=True)
    """The ledger's, of the credits taken when it is lost."""
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway_code", "mode", "dispute_ref"], name="dispute_once"),
            models.CheckConstraint(condition=Q(credits_micro__gte=0), name="dispute_credits_not_negative"),
        ]
