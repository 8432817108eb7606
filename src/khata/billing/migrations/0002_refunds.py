"""Refunds and disputes, and the states a top-up takes by them."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import khata.kernel.clock
import khata.kernel.ids

STATES = [
    ("created", "CREATED"),
    ("pending", "PENDING"),
    ("paid", "PAID"),
    ("failed", "FAILED"),
    ("cancelled", "CANCELLED"),
    ("expired", "EXPIRED"),
    ("review", "REVIEW"),
    ("partly_refunded", "PARTLY_REFUNDED"),
    ("refunded", "REFUNDED"),
    ("disputed", "DISPUTED"),
    ("reversed", "REVERSED"),
]
ORIGINS = [("asked", "ASKED"), ("surplus", "SURPLUS"), ("gateway", "GATEWAY")]
REFUND_STATES = [
    ("requested", "REQUESTED"),
    ("pending", "PENDING"),
    ("processed", "PROCESSED"),
    ("failed", "FAILED"),
]
DISPUTE_STATUSES = [
    ("open", "OPEN"),
    ("under_review", "UNDER_REVIEW"),
    ("won", "WON"),
    ("lost", "LOST"),
    ("closed", "CLOSED"),
]
PROTECT = django.db.models.deletion.PROTECT


def identity() -> "models.Field[Any, Any]":
    return models.UUIDField(default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False)


def belongs_to(model: str, related_name: str) -> "models.Field[Any, Any]":
    return models.ForeignKey(on_delete=PROTECT, related_name=related_name, to=f"billing.{model}")


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AlterField("topup", "state", models.CharField(choices=STATES, default="created", max_length=16)),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", identity()),
                ("origin", models.CharField(choices=ORIGINS, max_length=8)),
                ("state", models.CharField(choices=REFUND_STATES, default="requested", max_length=12)),
                ("amount_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField()),
                ("credits_micro", models.BigIntegerField()),
                ("asked_minor", models.BigIntegerField(null=True)),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                ("refund_ref", models.CharField(max_length=64, null=True)),
                ("receipt", models.CharField(blank=True, max_length=255)),
                ("bank_ref", models.CharField(blank=True, max_length=255)),
                ("idempotency_key", models.CharField(max_length=255, null=True)),
                ("reason", models.CharField(blank=True, max_length=255)),
                ("started_by", models.CharField(max_length=64)),
                ("reference", models.UUIDField(unique=True)),
                ("error_code", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("attempt", belongs_to("paymentattempt", "refunds")),
                ("top_up", belongs_to("topup", "refunds")),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="refund_due", condition=Q(due_at__isnull=False))],
                "constraints": [
                    models.UniqueConstraint(fields=["top_up", "idempotency_key"], name="refund_key_once"),
                    models.UniqueConstraint(fields=["gateway_code", "mode", "refund_ref"], name="refund_once"),
                    models.UniqueConstraint(
                        fields=["attempt"], name="surplus_refunded_once", condition=Q(origin="surplus")
                    ),
                    models.CheckConstraint(
                        condition=Q(amount_minor__gt=0, tax_minor__gte=0, amount_minor__gte=F("tax_minor")),
                        name="refund_tax_within_amount",
                    ),
                    models.CheckConstraint(condition=Q(credits_micro__gte=0), name="refund_credits_not_negative"),
                    models.CheckConstraint(
                        condition=~Q(state="processed") | Q(refund_ref__isnull=False, ended_at__isnull=False),
                        name="refund_processed_has_reference",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", identity()),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                ("dispute_ref", models.CharField(max_length=64)),
                ("status", models.CharField(choices=DISPUTE_STATUSES, max_length=12)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason_code", models.CharField(blank=True, max_length=255)),
                ("respond_by", models.DateTimeField(null=True)),
                ("credits_micro", models.BigIntegerField()),
                ("reference", models.UUIDField(unique=True)),
                ("reversal_reference", models.UUIDField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("attempt", belongs_to("paymentattempt", "disputes")),
                ("top_up", belongs_to("topup", "disputes")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["gateway_code", "mode", "dispute_ref"], name="dispute_once"),
                    models.CheckConstraint(condition=Q(credits_micro__gte=0), name="dispute_credits_not_negative"),
                ],
            },
        ),
    ]
