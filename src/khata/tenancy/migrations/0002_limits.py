"""How fast and how much organisations and API keys may send."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="messages_per_minute_max",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="organisation",
            name="credits_per_day_max",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="organisation",
            name="credits_per_month_max",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="organisation",
            name="messages_per_minute_max",
            field=models.IntegerField(null=True),
        ),
    ]
