"""Tax documents, which can only be added, their series, and the parties each top-up keeps for its invoice."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import khata.kernel.ids

# Top-ups under way at this moment are billed to whom their organisation names now.
FILL_PARTIES = """
update billing_topup
   set parties = jsonb_build_object(
       'supplier', jsonb_build_object('name', 'Khata', 'address', '', 'state_code', '', 'gstin', ''),
       'customer', jsonb_build_object('name', legal_name, 'address', address, 'state_code', state_code, 'gstin', gstin))
  from tenancy_organisation
 where tenancy_organisation.id = billing_topup.organisation_id;
"""
REFUSE = """
create function tax_document_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'billing_taxdocument is append-only: % refused', tg_op using errcode = 'restrict_violation';
end $$;

create trigger tax_document_append_only before update or delete on billing_taxdocument
    for each row execute function tax_document_refuse_change();
create trigger tax_document_never_truncated before truncate on billing_taxdocument
    for each statement execute function tax_document_refuse_change();
"""
ALLOW = """
drop trigger tax_document_never_truncated on billing_taxdocument;
drop trigger tax_document_append_only on billing_taxdocument;
drop function tax_document_refuse_change();
"""

PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_refunds"), ("tenancy", "0001_initial")]

    operations = [
        migrations.AddField("topup", "parties", models.JSONField(default=dict)),
        migrations.RunSQL(FILL_PARTIES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="DocumentSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mode", models.CharField(max_length=4)),
                ("prefix", models.CharField(max_length=3)),
                ("financial_year", models.SmallIntegerField()),
                ("last_serial", models.IntegerField()),
                ("last_issued_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["mode", "prefix", "financial_year"], name="document_series_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("invoice", "INVOICE"), ("credit_note", "CREDIT_NOTE")], max_length=12),
                ),
                ("mode", models.CharField(max_length=4)),
                ("serial", models.IntegerField()),
                ("number", models.CharField(max_length=16)),
                ("issued_at", models.DateTimeField()),
                ("country", models.CharField(max_length=2)),
                ("supplier", models.JSONField()),
                ("customer", models.JSONField()),
                ("place_of_supply", models.CharField(blank=True, max_length=2)),
                ("service_code", models.CharField(blank=True, max_length=8)),
                ("description", models.CharField(max_length=160)),
                ("credits_micro", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("taxable_minor", models.BigIntegerField()),
                ("tax_lines", models.JSONField()),
                ("tax_minor", models.BigIntegerField()),
                ("rounding_minor", models.BigIntegerField(default=0)),
                ("total_minor", models.BigIntegerField()),
                ("payment_ref", models.CharField(max_length=64)),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="credit_notes", to="billing.taxdocument"
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(null=True, on_delete=PROTECT, related_name="credit_note", to="billing.refund"),
                ),
                (
                    "dispute",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="credit_note", to="billing.dispute"
                    ),
                ),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="tenancy.organisation")),
                ("series", models.ForeignKey(on_delete=PROTECT, related_name="+", to="billing.documentseries")),
                ("top_up", models.ForeignKey(on_delete=PROTECT, related_name="documents", to="billing.topup")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "-id"], name="document_by_organisation"),
                    models.Index(fields=["issued_at"], name="document_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["series", "serial"], name="document_serial_once"),
                    models.UniqueConstraint(
                        fields=["top_up"], name="top_up_invoiced_once", condition=Q(kind="invoice")
                    ),
                    models.CheckConstraint(
                        condition=Q(total_minor=F("taxable_minor") + F("tax_minor") + F("rounding_minor")),
                        name="document_total_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=Q(kind="invoice", corrects__isnull=True, refund__isnull=True, dispute__isnull=True)
                        | Q(kind="credit_note", corrects__isnull=False, refund__isnull=False, dispute__isnull=True)
                        | Q(kind="credit_note", corrects__isnull=False, refund__isnull=True, dispute__isnull=False),
                        name="document_corrects_an_invoice",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
