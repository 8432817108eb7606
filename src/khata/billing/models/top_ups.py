"""Top-ups, the gateway's payments for them, and its webhooks as they came.

None of these is split by shard: a gateway's references are unique across organisations, and the order of a top-up is
what binds a payment to its organisation.
"""

from django.db import models
from django.db.models import Q

from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.top_up_life import TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid, public_id
from khata.payments.port import PaymentMethod, PaymentStatus
from khata.payments.ways import PayBy
from khata.tenancy.models import ApiKey, Member, Organisation

# Plain text, so that migrations need no code of today.
_CREATED, _PENDING, _PAID = TopUpState.CREATED.value, TopUpState.PENDING.value, TopUpState.PAID.value


class OrderState(models.TextChoices):
    NONE = "none", "Not asked for"
    CREATED = "created", "Created"
    UNKNOWN = "unknown", "Asked for, answer lost"


class TopUp(models.Model):
    """One intent to add credits. Money, tax, price and credits are frozen when it is made."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=255)
    state = models.CharField(
        max_length=16, choices=[(s.value, s.name) for s in TopUpState], default=TopUpState.CREATED.value
    )
    purpose = models.CharField(
        max_length=8, choices=[(p.value, p.name) for p in TopUpPurpose], default=TopUpPurpose.CREDITS.value
    )
    is_paid_late = models.BooleanField(default=False)
    review_reason = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    tax_lines = models.JSONField()
    parties = models.JSONField(default=dict)
    """Supplier and customer as the tax was reckoned for them; the invoice names these."""
    credits_micro = models.BigIntegerField()
    credits_micro_per_rupee = models.BigIntegerField()
    bonus_micro = models.BigIntegerField(default=0)
    bonus_expires_after_days = models.IntegerField(null=True)
    """Counted from the payment; NULL for never."""
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    order_state = models.CharField(max_length=8, choices=OrderState.choices, default=OrderState.NONE.value)
    order_ref = models.CharField(max_length=128, null=True)
    pay_by = models.CharField(
        max_length=8, choices=[(way.value, way.name) for way in PayBy], default=PayBy.CHECKOUT.value
    )
    pay_url = models.CharField(max_length=512, blank=True)
    """Where a payment link is, or a QR code's image, once the order is there."""
    upi_uri = models.CharField(max_length=1024, blank=True)
    """What a QR code holds, where the gateway told."""
    created_at = models.DateTimeField(default=utc_now)
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    check_due_at = models.DateTimeField(null=True)
    customer_ref = models.CharField(max_length=64, blank=True)
    mandate_max_minor = models.BigIntegerField(null=True)
    """Set where paying this also lets us charge again, never more than this at once."""
    token_ref = models.CharField(max_length=64, blank=True)
    """The mandate that pays this by itself; "" where a payer does."""
    charge_asked_at = models.DateTimeField(null=True)
    """When the gateway was last asked to charge it: only one worker at a time asks."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "idempotency_key"], name="top_up_key_once"),
            models.UniqueConstraint(fields=["gateway_code", "mode", "order_ref"], name="top_up_order_once"),
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0, tax_minor__gte=0, total_minor=models.F("amount_minor") + models.F("tax_minor")
                ),
                name="top_up_total_adds_up",
            ),
            models.CheckConstraint(condition=Q(credits_micro__gt=0), name="top_up_credits_positive"),
            models.CheckConstraint(condition=Q(bonus_micro__gte=0), name="top_up_bonus_not_negative"),
            models.CheckConstraint(
                condition=Q(order_state=OrderState.CREATED, order_ref__isnull=False)
                | (~Q(order_state=OrderState.CREATED) & Q(order_ref__isnull=True)),
                name="top_up_order_has_reference",
            ),
            models.CheckConstraint(
                condition=~Q(state=_PAID) | Q(paid_at__isnull=False),
                name="top_up_paid_has_time",
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                name="top_up_automatic_once",
                condition=~Q(token_ref="") & Q(state__in=(_CREATED, _PENDING)),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="top_up_by_organisation"),
            models.Index(fields=["check_due_at"], name="top_up_due", condition=Q(check_due_at__isnull=False)),
            models.Index(fields=["organisation", "-id"], name="top_up_automatic", condition=~Q(token_ref="")),
        ]

    @property
    def is_automatic(self) -> bool:
        """Begun by auto top-up: nobody is sent to the gateway for it."""
        return bool(self.token_ref)

    @property
    def public_id(self) -> str:
        return public_id("top", self.id)


class PaymentAttempt(models.Model):
    """One payment of a top-up's order, as the gateway last reported it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="attempts")
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    payment_ref = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=[(s.value, s.name) for s in PaymentStatus])
    method = models.CharField(max_length=12, choices=[(m.value, m.name) for m in PaymentMethod])
    method_detail = models.CharField(max_length=255, blank=True)
    bank_ref = models.CharField(max_length=255, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    error_code = models.CharField(max_length=255, blank=True)
    error_reason = models.CharField(max_length=255, blank=True)
    error_source = models.CharField(max_length=255, blank=True)
    error_step = models.CharField(max_length=255, blank=True)
    error_description = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    purchase_reference = models.UUIDField(null=True, unique=True)
    """The ledger's reference where this payment was credited."""
    is_surplus = models.BooleanField(default=False)
    """Captured beside the credited one: to be given back."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway_code", "mode", "payment_ref"], name="payment_once"),
            models.UniqueConstraint(
                fields=["top_up"], name="top_up_credited_once", condition=Q(purchase_reference__isnull=False)
            ),
        ]


class WebhookEvent(models.Model):
    """A verified webhook, kept as it came before it was answered. `due_at` is NULL once nothing more will be tried."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    event_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    order_ref = models.CharField(max_length=128, null=True)
    payment_ref = models.CharField(max_length=64, null=True)
    body = models.BinaryField()
    headers = models.JSONField()
    received_at = models.DateTimeField(default=utc_now)
    processed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway_code", "mode", "event_ref"], name="webhook_event_once")]
        indexes = [models.Index(fields=["due_at"], name="webhook_event_due", condition=Q(due_at__isnull=False))]
