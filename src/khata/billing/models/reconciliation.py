"""What reconciliation keeps: its runs, what they found, and what the gateway paid out."""

from django.db import models
from django.db.models import Q

from khata.billing.core.reconciliation import Match
from khata.billing.models.top_ups import TopUp
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid


class ReconciliationSubject(models.TextChoices):
    PAYMENTS = "payments", "Payments"
    SETTLEMENTS = "settlements", "Settlements"


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    REPAIRED = "repaired", "Repaired"
    NOTED = "noted", "Looked at"


_OPEN = FindingState.OPEN.value


class ReconciliationRun(models.Model):
    """One comparison over [`listed_from`, `listed_until`). `error` says why the gateway gave no list."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    subject = models.CharField(max_length=12, choices=ReconciliationSubject.choices)
    listed_from = models.DateTimeField()
    listed_until = models.DateTimeField()
    started_at = models.DateTimeField(default=utc_now)
    finished_at = models.DateTimeField(null=True)
    listed_count = models.IntegerField(default=0)
    matched_count = models.IntegerField(default=0)
    repaired_count = models.IntegerField(default=0)
    """Found and put right by this run itself."""
    found_count = models.IntegerField(default=0)
    """Still different when it ended."""
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="reconciliation_run_newest")]


class ReconciliationFinding(models.Model):
    """One payment, refund or settled line on which the gateway and we differ; kept once, however often it is seen."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    subject = models.CharField(max_length=12, choices=ReconciliationSubject.choices)
    ref = models.CharField(max_length=64)
    match = models.CharField(max_length=16, choices=[(m.value, m.name) for m in Match if m.is_finding])
    state = models.CharField(max_length=8, choices=FindingState.choices, default=_OPEN)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="findings")
    order_ref = models.CharField(max_length=128, blank=True)
    differences = models.JSONField(default=list)
    """Names of the fields that differ."""
    currency = models.CharField(max_length=3, blank=True)
    their_amount_minor = models.BigIntegerField(null=True)
    their_status = models.CharField(max_length=12, blank=True)
    our_amount_minor = models.BigIntegerField(null=True)
    our_status = models.CharField(max_length=12, blank=True)
    note = models.CharField(max_length=400, blank=True)
    happened_at = models.DateTimeField()
    """When the payment was made or the line was settled: where a list is asked for it again."""
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway_code", "mode", "subject", "ref"], name="finding_once"),
            models.CheckConstraint(
                condition=Q(state=_OPEN, closed_at__isnull=True) | (~Q(state=_OPEN) & Q(closed_at__isnull=False)),
                name="finding_closed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["-found_at"], name="finding_open", condition=Q(state=_OPEN))]


class SettledLine(models.Model):
    """One line of what the gateway paid out, with the fee it kept; amounts in minor units."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    gateway_code = models.CharField(max_length=16)
    mode = models.CharField(max_length=4)
    settlement_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    ref = models.CharField(max_length=64)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="settled_lines")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway_code", "mode", "settlement_ref", "kind", "ref"], name="settled_once"
            )
        ]
        indexes = [models.Index(fields=["-settled_at"], name="settled_line_newest")]
