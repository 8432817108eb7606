"""A message row is rewritten a few times early in its life: leave room so that those rewrites stay in the page (HOT)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "alter table messaging_message set (fillfactor = 75)",
            "alter table messaging_message reset (fillfactor)",
        )
    ]
