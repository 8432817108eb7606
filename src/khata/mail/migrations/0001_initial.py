"""Sending domains and suppressed addresses."""

from django.db import migrations, models

import khata.kernel.clock
import khata.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SendingDomain",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=khata.kernel.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("selector", models.TextField()),
                ("private_key", models.BinaryField()),
                ("public_key", models.TextField()),
                ("created_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("verified_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("findings", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation_id", "name"), name="sending_domain_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard",
                        "organisation_id",
                        "address",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organisation_id", models.BigIntegerField()),
                ("id", models.UUIDField(default=khata.kernel.ids.new_uuid, editable=False)),
                ("created_at", models.DateTimeField(default=khata.kernel.clock.utc_now)),
                ("message_id", models.UUIDField(null=True)),
                ("shard", models.SmallIntegerField()),
                ("address", models.TextField()),
                (
                    "reason",
                    models.TextField(
                        choices=[("bounce", "Bounced"), ("complaint", "Complained"), ("unsubscribe", "Unsubscribed")]
                    ),
                ),
                ("detail", models.TextField(blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organisation_id", "id"), name="suppression_by_id")],
            },
        ),
    ]
