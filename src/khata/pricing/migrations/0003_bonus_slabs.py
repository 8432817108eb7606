"""More credits from some amount on."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("pricing", "0002_default_prices")]
    operations = [
        migrations.CreateModel(
            name="BonusSlab",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minimum_minor", models.BigIntegerField()),
                ("bonus_bp", models.IntegerField()),
                ("expires_after_days", models.IntegerField(null=True)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("bonus_bp__gt", 0), ("minimum_minor__gt", 0))
                        & (Q(("expires_after_days__isnull", True)) | Q(("expires_after_days__gt", 0)))
                        & (Q(("valid_until__isnull", True)) | Q(("valid_until__gte", F("valid_from")))),
                        name="bonus_slab_sensible",
                    )
                ],
            },
        ),
    ]
