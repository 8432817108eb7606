"""Auto top-up: its terms and mandate, and what marks a top-up that was begun by itself."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import khata.kernel.clock
import khata.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_long_order_references"),
        ("tenancy", "0002_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="AutoTopUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("off", "OFF"),
                            ("pending_mandate", "PENDING_MANDATE"),
                            ("on", "ON"),
                            ("paused", "PAUSED"),
                        ],
                        default="off",
                        max_length=16,
                    ),
                ),
                (
                    "pause_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("declined", "DECLINED"),
                            ("cap_reached", "CAP_REACHED"),
                            ("taken_back", "TAKEN_BACK"),
                            ("unclear", "UNCLEAR"),
                            ("above_mandate", "ABOVE_MANDATE"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("level_credits_micro", models.BigIntegerField()),
                ("cap_minor", models.BigIntegerField()),
                ("gateway_code", models.CharField(max_length=16)),
                ("mode", models.CharField(max_length=4)),
                ("customer_ref", models.CharField(blank=True, max_length=64)),
                ("token_ref", models.CharField(blank=True, max_length=64)),
                ("mandate_max_minor", models.BigIntegerField(default=0)),
                ("method_detail", models.CharField(blank=True, max_length=255)),
                ("failures_count", models.SmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=255)),
                (
                    "known_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("changed_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
            ],
        ),
        migrations.AddField(
            model_name="topup",
            name="charge_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="topup",
            name="customer_ref",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="topup",
            name="mandate_max_minor",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="topup",
            name="token_ref",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(
                condition=models.Q(("token_ref", ""), _negated=True),
                fields=["organisation", "-id"],
                name="top_up_automatic",
            ),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.UniqueConstraint(
                condition=models.Q(models.Q(("token_ref", ""), _negated=True), ("state__in", ("created", "pending"))),
                fields=("organisation",),
                name="top_up_automatic_once",
            ),
        ),
        migrations.AddField(
            model_name="autotopup",
            name="under_way",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.topup"
            ),
        ),
        migrations.AddField(
            model_name="autotopup",
            name="first_top_up",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.topup"
            ),
        ),
        migrations.AddField(
            model_name="autotopup",
            name="organisation",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
            ),
        ),
        migrations.AddIndex(
            model_name="autotopup",
            index=models.Index(
                condition=models.Q(("state__in", ("on", "paused"))), fields=["state"], name="auto_top_up_watched"
            ),
        ),
        migrations.AddConstraint(
            model_name="autotopup",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0), ("cap_minor__gt", 0), ("level_credits_micro__gte", 0)),
                name="auto_top_up_terms_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="autotopup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("on", "paused")), _negated=True),
                    models.Q(("token_ref", ""), _negated=True),
                    _connector="OR",
                ),
                name="auto_top_up_has_mandate",
            ),
        ),
        migrations.AddConstraint(
            model_name="autotopup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paused"), models.Q(("pause_reason", ""), _negated=True)),
                    models.Q(models.Q(("state", "paused"), _negated=True), ("pause_reason", "")),
                    _connector="OR",
                ),
                name="auto_top_up_paused_for_a_reason",
            ),
        ),
    ]
