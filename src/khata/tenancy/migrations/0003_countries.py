"""Where organisations' messages may go, and whether some numbers are excepted."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_limits")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="countries",
            field=ArrayField(base_field=models.TextField(), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name="organisation",
            name="has_opt_outs",
            field=models.BooleanField(db_default=False),
        ),
    ]
