"""What limited organisations and API keys may still send."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0002_room"),
    ]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard",
                        "organisation_id",
                        "api_key_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                ("organisation_id", models.BigIntegerField()),
                ("api_key_id", models.UUIDField()),
                ("messages_micro", models.BigIntegerField()),
                ("filled_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("credits_today", models.BigIntegerField()),
                ("credits_this_month", models.BigIntegerField()),
            ],
        ),
    ]
