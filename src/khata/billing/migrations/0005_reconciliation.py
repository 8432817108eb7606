"""Room for what reconciliation keeps."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_plans")]
    operations = []
