"""Names the kinds of money going back; the tables stay as they are."""

from django.db import migrations, models

KINDS = [
    (1, "PURCHASE"),
    (2, "GRANT"),
    (3, "HOLD"),
    (4, "CAPTURE"),
    (5, "VOID"),
    (6, "EXPIRE"),
    (7, "REFUND"),
    (8, "REVERSE"),
    (9, "REPAY"),
    (10, "CLEAR"),
]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_proof_runs")]
    operations = [migrations.AlterField("transfer", "kind", models.SmallIntegerField(choices=KINDS))]
