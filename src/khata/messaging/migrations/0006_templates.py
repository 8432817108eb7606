"""What organisations have registered in India, and by which template a message goes."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0005_routes")]

    operations = [
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard", "organisation_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                ("organisation_id", models.BigIntegerField()),
                ("entity_ref", models.TextField()),
                ("is_checked", models.BooleanField(default=False)),
                ("version", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard",
                        "organisation_id",
                        "name",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                ("organisation_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard", "organisation_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                (
                    "category",
                    models.SmallIntegerField(
                        choices=[
                            (1, "transactional"),
                            (2, "service_implicit"),
                            (3, "service_explicit"),
                            (4, "promotional"),
                        ]
                    ),
                ),
                ("organisation_id", models.BigIntegerField()),
                ("id", models.UUIDField()),
                ("template_ref", models.TextField()),
                ("name", models.TextField()),
                ("sender", models.TextField()),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["shard", "organisation_id", "template_ref"],
                        condition=Q(retired_at=None),
                        name="template_once",
                    )
                ]
            },
        ),
        migrations.AddField("message", "template_id", models.UUIDField(null=True)),
    ]
