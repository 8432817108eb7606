"""Plans, who has one and for which periods; coupons and their uses."""

from django.db import models
from django.db.models import F, Q

from khata.billing.core.subscription_life import SubscriptionState
from khata.billing.models.top_ups import TopUp
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.tenancy.models import Organisation

# Plain text, so that migrations need no code of today.
_PENDING = SubscriptionState.PENDING.value


class Plan(models.Model):
    """What the operator offers by the month. Only `retired_at` ever changes."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    fee_minor = models.BigIntegerField()
    """A month's, before tax; 0 for a free plan."""
    included_micro = models.BigIntegerField()
    credits_micro_per_rupee = models.BigIntegerField()
    benefits = models.JSONField(default=list)
    created_at = models.DateTimeField(default=utc_now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, included_micro__gt=0, credits_micro_per_rupee__gt=0),
                name="plan_sensible",
            )
        ]


class Subscription(models.Model):
    """The one row of an organisation that ever chose a plan. Its lock orders everything that happens to it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=[(s.value, s.name) for s in SubscriptionState], default=_PENDING)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    next_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    is_ending = models.BooleanField(default=False)
    paid_until = models.DateTimeField(null=True)
    anchor_at = models.DateTimeField(null=True)
    anchor_months = models.IntegerField(default=0)
    periods_count = models.IntegerField(default=0)
    renewal = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="+")
    """The top-up that asks for the next period; NULL until it is asked for."""
    due_at = models.DateTimeField(null=True)
    """When time does something to it."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=_PENDING, paid_until__isnull=True, periods_count=0)
                | (~Q(state=_PENDING) & Q(paid_until__isnull=False, anchor_at__isnull=False, periods_count__gt=0)),
                name="subscription_begins_with_a_period",
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="subscription_due", condition=Q(due_at__isnull=False))]


class PlanPeriod(models.Model):
    """One month of a plan, with the grant of its included credits. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="periods")
    number = models.IntegerField()
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="plan_period")
    """What paid for it; NULL for a free plan's."""
    reference = models.UUIDField(unique=True)
    """The ledger's, of the grant."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "number"], name="plan_period_once"),
            models.UniqueConstraint(fields=["subscription", "starts_at"], name="plan_period_start_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="plan_period_has_length"),
        ]


class PlanPayment(models.Model):
    """What a top-up with the purpose "plan" pays for."""

    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, primary_key=True, related_name="plan_payment")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="payments")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")


class Coupon(models.Model):
    """A code that brings bonus credits with a top-up. Its lock is taken wherever its uses are counted."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    code = models.CharField(max_length=40, unique=True)
    """Upper case."""
    bonus_bp = models.IntegerField(null=True)
    bonus_micro = models.BigIntegerField(null=True)
    minimum_minor = models.BigIntegerField(default=0)
    valid_until = models.DateTimeField(null=True)
    uses_max = models.IntegerField(null=True)
    expires_after_days = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=utc_now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(bonus_bp__gt=0, bonus_micro__isnull=True) | Q(bonus_bp__isnull=True, bonus_micro__gt=0),
                name="coupon_gives_one_thing",
            ),
            models.CheckConstraint(
                condition=(Q(uses_max__isnull=True) | Q(uses_max__gt=0))
                & (Q(expires_after_days__isnull=True) | Q(expires_after_days__gt=0)),
                name="coupon_sensible",
            ),
        ]


class CouponUse(models.Model):
    """A coupon with the top-up it is for: reserved while that can be paid, used once it is."""

    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, primary_key=True, related_name="coupon_use")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="uses")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "organisation"], name="coupon_used_once", condition=Q(used_at__isnull=False)
            )
        ]
