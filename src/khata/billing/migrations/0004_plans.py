"""Plans, subscriptions and coupons; what a top-up is for, and its bonus."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import khata.kernel.clock
import khata.kernel.ids

PROTECT = django.db.models.deletion.PROTECT
STATES = [("pending", "PENDING"), ("active", "ACTIVE"), ("lapsed", "LAPSED"), ("cancelled", "CANCELLED")]


def _id() -> "models.UUIDField[Any, Any]":
    return models.UUIDField(default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_invoices"), ("tenancy", "0002_limits")]
    operations = [
        migrations.AddField(
            "topup",
            "purpose",
            models.CharField(choices=[("credits", "CREDITS"), ("plan", "PLAN")], default="credits", max_length=8),
        ),
        migrations.AddField("topup", "bonus_micro", models.BigIntegerField(default=0)),
        migrations.AddField("topup", "bonus_expires_after_days", models.IntegerField(null=True)),
        migrations.AddConstraint(
            "topup", models.CheckConstraint(condition=Q(("bonus_micro__gte", 0)), name="top_up_bonus_not_negative")
        ),
        migrations.AddField("refund", "bonus_micro", models.BigIntegerField(default=0)),
        migrations.AddField("refund", "bonus_reference", models.UUIDField(null=True, unique=True)),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", _id()),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=40)),
                ("fee_minor", models.BigIntegerField()),
                ("included_micro", models.BigIntegerField()),
                ("credits_micro_per_rupee", models.BigIntegerField()),
                ("benefits", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            ("credits_micro_per_rupee__gt", 0), ("fee_minor__gte", 0), ("included_micro__gt", 0)
                        ),
                        name="plan_sensible",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", _id()),
                ("organisation", models.OneToOneField(on_delete=PROTECT, related_name="+", to="tenancy.organisation")),
                ("state", models.CharField(choices=STATES, default="pending", max_length=12)),
                ("plan", models.ForeignKey(on_delete=PROTECT, related_name="+", to="billing.plan")),
                ("next_plan", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="billing.plan")),
                ("is_ending", models.BooleanField(default=False)),
                ("paid_until", models.DateTimeField(null=True)),
                ("anchor_at", models.DateTimeField(null=True)),
                ("anchor_months", models.IntegerField(default=0)),
                ("periods_count", models.IntegerField(default=0)),
                ("renewal", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="billing.topup")),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("paid_until__isnull", True), ("periods_count", 0), ("state", "pending"))
                        | Q(
                            ~Q(("state", "pending")),
                            ("anchor_at__isnull", False),
                            ("paid_until__isnull", False),
                            ("periods_count__gt", 0),
                        ),
                        name="subscription_begins_with_a_period",
                    )
                ],
                "indexes": [
                    models.Index(condition=Q(("due_at__isnull", False)), fields=["due_at"], name="subscription_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanPeriod",
            fields=[
                ("id", _id()),
                (
                    "subscription",
                    models.ForeignKey(on_delete=PROTECT, related_name="periods", to="billing.subscription"),
                ),
                ("number", models.IntegerField()),
                ("plan", models.ForeignKey(on_delete=PROTECT, related_name="+", to="billing.plan")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "top_up",
                    models.OneToOneField(null=True, on_delete=PROTECT, related_name="plan_period", to="billing.topup"),
                ),
                ("reference", models.UUIDField(unique=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "number"), name="plan_period_once"),
                    models.UniqueConstraint(fields=("subscription", "starts_at"), name="plan_period_start_once"),
                    models.CheckConstraint(condition=Q(("ends_at__gt", F("starts_at"))), name="plan_period_has_length"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanPayment",
            fields=[
                (
                    "top_up",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="plan_payment",
                        serialize=False,
                        to="billing.topup",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(on_delete=PROTECT, related_name="payments", to="billing.subscription"),
                ),
                ("plan", models.ForeignKey(on_delete=PROTECT, related_name="+", to="billing.plan")),
            ],
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                ("id", _id()),
                ("code", models.CharField(max_length=40, unique=True)),
                ("bonus_bp", models.IntegerField(null=True)),
                ("bonus_micro", models.BigIntegerField(null=True)),
                ("minimum_minor", models.BigIntegerField(default=0)),
                ("valid_until", models.DateTimeField(null=True)),
                ("uses_max", models.IntegerField(null=True)),
                ("expires_after_days", models.IntegerField(null=True)),
                ("created_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("bonus_bp__gt", 0), ("bonus_micro__isnull", True))
                        | Q(("bonus_bp__isnull", True), ("bonus_micro__gt", 0)),
                        name="coupon_gives_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=(Q(("uses_max__isnull", True)) | Q(("uses_max__gt", 0)))
                        & (Q(("expires_after_days__isnull", True)) | Q(("expires_after_days__gt", 0))),
                        name="coupon_sensible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                (
                    "top_up",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="coupon_use",
                        serialize=False,
                        to="billing.topup",
                    ),
                ),
                ("coupon", models.ForeignKey(on_delete=PROTECT, related_name="uses", to="billing.coupon")),
                ("organisation", models.ForeignKey(on_delete=PROTECT, related_name="+", to="tenancy.organisation")),
                ("used_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("used_at__isnull", False)),
                        fields=("coupon", "organisation"),
                        name="coupon_used_once",
                    )
                ],
            },
        ),
    ]
