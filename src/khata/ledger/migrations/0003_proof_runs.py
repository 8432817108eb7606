"""What the scheduled proofs found, a row each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="LedgerProofRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("proved_at", models.DateTimeField()),
                ("took_ms", models.BigIntegerField()),
                ("is_sound", models.BooleanField()),
                ("organisations_count", models.BigIntegerField()),
                ("transfers_count", models.BigIntegerField()),
                ("problems", models.JSONField()),
            ],
        ),
    ]
