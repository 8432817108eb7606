"""Tax documents and the series they are numbered in."""

from django.db import models
from django.db.models import F, Q

from khata.billing.core.invoices import DocumentKind
from khata.billing.models.refunds import Dispute, Refund
from khata.billing.models.top_ups import TopUp
from khata.kernel.ids import new_uuid, public_id
from khata.tenancy.models import Organisation

# Plain text, so that migrations need no code of today.
_INVOICE, _CREDIT_NOTE = DocumentKind.INVOICE.value, DocumentKind.CREDIT_NOTE.value


class DocumentSeries(models.Model):
    """Where the next number comes from: one row for each prefix, mode and financial year.

    Its lock is kept to the end of the transaction that draws a number, so a rollback gives the number back.
    """

    mode = models.CharField(max_length=4)
    prefix = models.CharField(max_length=3)
    financial_year = models.SmallIntegerField()
    """The calendar year it begins in."""
    last_serial = models.IntegerField()
    last_issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mode", "prefix", "financial_year"], name="document_series_once")
        ]


class TaxDocument(models.Model):
    """An invoice or a credit note, with everything on its paper. A trigger refuses every change."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.name) for kind in DocumentKind])
    mode = models.CharField(max_length=4)
    series = models.ForeignKey(DocumentSeries, on_delete=models.PROTECT, related_name="+")
    serial = models.IntegerField()
    number = models.CharField(max_length=16)
    issued_at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="documents")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="credit_note")
    dispute = models.OneToOneField(Dispute, on_delete=models.PROTECT, null=True, related_name="credit_note")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credit_notes")
    country = models.CharField(max_length=2)
    supplier = models.JSONField()
    customer = models.JSONField()
    place_of_supply = models.CharField(max_length=2, blank=True)
    service_code = models.CharField(max_length=8, blank=True)
    description = models.CharField(max_length=160)
    credits_micro = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    taxable_minor = models.BigIntegerField()
    tax_lines = models.JSONField()
    tax_minor = models.BigIntegerField()
    rounding_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    payment_ref = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "serial"], name="document_serial_once"),
            models.UniqueConstraint(fields=["top_up"], name="top_up_invoiced_once", condition=Q(kind=_INVOICE)),
            models.CheckConstraint(
                condition=Q(total_minor=F("taxable_minor") + F("tax_minor") + F("rounding_minor")),
                name="document_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(kind=_INVOICE, corrects__isnull=True, refund__isnull=True, dispute__isnull=True)
                | Q(kind=_CREDIT_NOTE, corrects__isnull=False, refund__isnull=False, dispute__isnull=True)
                | Q(kind=_CREDIT_NOTE, corrects__isnull=False, refund__isnull=True, dispute__isnull=False),
                name="document_corrects_an_invoice",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="document_by_organisation"),
            models.Index(fields=["issued_at"], name="document_by_time"),
        ]

    @property
    def public_id(self) -> str:
        return public_id("inv", self.id)
