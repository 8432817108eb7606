"""One kind of notice more: an endpoint was disabled."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[("low", "LOW"), ("empty", "EMPTY"), ("expiry", "EXPIRY"), ("webhook", "WEBHOOK")],
                max_length=8,
            ),
        ),
    ]
