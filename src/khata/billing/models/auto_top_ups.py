"""What an organisation lets us charge by itself. Each charge is an ordinary top-up (top_ups.py)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from khata.billing.core.auto_top_up import AutoTopUpState, PauseReason
from khata.billing.models.top_ups import TopUp
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.tenancy.models import Organisation

# Plain text, so that migrations need no code of today.
_ON, _PAUSED = AutoTopUpState.ON.value, AutoTopUpState.PAUSED.value


class AutoTopUp(models.Model):
    """One organisation's: its terms, its mandate at the gateway, and how it stands."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=16, choices=[(s.value, s.name) for s in AutoTopUpState], default=AutoTopUpState.OFF.value
    )
    pause_reason = models.CharField(max_length=16, choices=[(r.value, r.name) for r in PauseReason], blank=True)
    amount_minor = models.BigIntegerField()
    level_credits_micro = models.BigIntegerField()
    cap_minor = models.BigIntegerField()
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    customer_ref = models.CharField(max_length=64, blank=True)
    token_ref = models.CharField(max_length=64, blank=True)
    """The mandate. Kept after a stop until the gateway has forgotten it."""
    mandate_max_minor = models.BigIntegerField(default=0)
    method_detail = models.CharField(max_length=255, blank=True)
    first_top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="+")
    """The one whose payer gives the mandate."""
    under_way = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="+")
    """The one begun by itself whose end has not been noted yet."""
    failures_count = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=255, blank=True)
    """What the gateway last said against it."""
    known_ids = ArrayField(models.UUIDField(), default=list)
    """Top-ups whose refund, dispute or doubt the owner has gone on from."""
    changed_at = models.DateTimeField(default=utc_now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, cap_minor__gt=0, level_credits_micro__gte=0),
                name="auto_top_up_terms_positive",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(_ON, _PAUSED)) | ~Q(token_ref=""), name="auto_top_up_has_mandate"
            ),
            models.CheckConstraint(
                condition=Q(state=_PAUSED) & ~Q(pause_reason="") | ~Q(state=_PAUSED) & Q(pause_reason=""),
                name="auto_top_up_paused_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="auto_top_up_watched", condition=Q(state__in=(_ON, _PAUSED)))]
