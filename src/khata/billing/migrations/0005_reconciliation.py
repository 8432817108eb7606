"""Reconciliation's runs, findings and settled lines; the operators' audit trail, which can only be added to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import khata.kernel.clock
import khata.kernel.ids

REFUSE = """
create function operator_action_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'billing_operatoraction is append-only: % refused', tg_op using errcode = 'restrict_violation';
end $$;

create trigger operator_action_append_only before update or delete on billing_operatoraction
    for each row execute function operator_action_refuse_change();
create trigger operator_action_never_truncated before truncate on billing_operatoraction
    for each statement execute function operator_action_refuse_change();
"""
ALLOW = """
drop trigger operator_action_never_truncated on billing_operatoraction;
drop trigger operator_action_append_only on billing_operatoraction;
drop function operator_action_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_plans"),
        ("tenancy", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReconciliationRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                (
                    "subject",
                    models.CharField(choices=[("payments", "Payments"), ("settlements", "Settlements")], max_length=12),
                ),
                ("listed_from", models.DateTimeField()),
                ("listed_until", models.DateTimeField()),
                ("started_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("listed_count", models.IntegerField(default=0)),
                ("matched_count", models.IntegerField(default=0)),
                ("repaired_count", models.IntegerField(default=0)),
                ("found_count", models.IntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=255)),
            ],
            options={
                "indexes": [models.Index(fields=["-started_at"], name="reconciliation_run_newest")],
            },
        ),
        migrations.CreateModel(
            name="OperatorAction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("freeze", "Stopped sending"),
                            ("unfreeze", "Allowed sending"),
                            ("grant", "Gave credits"),
                            ("check", "Checked a top-up again"),
                            ("refund", "Started a refund"),
                            ("credit_review", "Credited a payment under review"),
                            ("close_review", "Closed a review"),
                            ("repair", "Repaired a difference"),
                            ("note", "Looked at a difference"),
                            ("reconcile", "Asked for a reconciliation"),
                            ("prove", "Asked for a ledger proof"),
                        ],
                        max_length=16,
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=64)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-at"], name="operator_action_newest"),
                    models.Index(fields=["organisation", "-at"], name="operator_action_by_org"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReconciliationFinding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                (
                    "subject",
                    models.CharField(choices=[("payments", "Payments"), ("settlements", "Settlements")], max_length=12),
                ),
                ("ref", models.CharField(max_length=64)),
                (
                    "match",
                    models.CharField(
                        choices=[
                            ("missing_here", "MISSING_HERE"),
                            ("orphan", "ORPHAN"),
                            ("missing_there", "MISSING_THERE"),
                            ("differs", "DIFFERS"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("repaired", "Repaired"), ("noted", "Looked at")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("order_ref", models.CharField(blank=True, max_length=128)),
                ("differences", models.JSONField(default=list)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("their_amount_minor", models.BigIntegerField(null=True)),
                ("their_status", models.CharField(blank=True, max_length=12)),
                ("our_amount_minor", models.BigIntegerField(null=True)),
                ("our_status", models.CharField(blank=True, max_length=12)),
                ("note", models.CharField(blank=True, max_length=400)),
                ("happened_at", models.DateTimeField()),
                ("found_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "top_up",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="billing.topup",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["-found_at"], name="finding_open")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("gateway_code", "mode", "subject", "ref"), name="finding_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="finding_closed_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SettledLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                ("settlement_ref", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("ref", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField()),
                ("settled_at", models.DateTimeField()),
                (
                    "top_up",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settled_lines",
                        to="billing.topup",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-settled_at"], name="settled_line_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("gateway_code", "mode", "settlement_ref", "kind", "ref"), name="settled_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
