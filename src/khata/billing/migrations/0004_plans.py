"""Room for what plans keeps."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_invoices")]
    operations = []
