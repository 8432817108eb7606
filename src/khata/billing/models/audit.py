"""What operators did, for ever: rows are added and never changed (a trigger refuses)."""

from django.db import models

from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.tenancy.models import Member, Organisation


class OperatorDeed(models.TextChoices):
    """What an operator can do, as the audit trail names it."""

    FREEZE = "freeze", "Stopped sending"
    UNFREEZE = "unfreeze", "Allowed sending"
    GRANT = "grant", "Gave credits"
    CHECK = "check", "Checked a top-up again"
    REFUND = "refund", "Started a refund"
    CREDIT_REVIEW = "credit_review", "Credited a payment under review"
    CLOSE_REVIEW = "close_review", "Closed a review"
    REPAIR = "repair", "Repaired a difference"
    NOTE = "note", "Looked at a difference"
    RECONCILE = "reconcile", "Asked for a reconciliation"
    PROVE = "prove", "Asked for a ledger proof"


class OperatorAction(models.Model):
    """One deed. Its id comes with the form, so that a form sent twice is one deed."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    deed = models.CharField(max_length=16, choices=OperatorDeed.choices)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=64, blank=True)
    """A public id or the gateway's reference."""
    reason = models.CharField(max_length=400, blank=True)
    facts = models.JSONField(default=dict)
    """Figures before and after, in micro-credits or minor units."""
    at = models.DateTimeField(default=utc_now)

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="operator_action_newest"),
            models.Index(fields=["organisation", "-at"], name="operator_action_by_org"),
        ]
