"""Stripe's checkout sessions, its orders, have references of 66 characters and more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_reconciliation")]
    operations = [
        migrations.AlterField(model_name="topup", name="order_ref", field=models.CharField(max_length=128, null=True)),
        migrations.AlterField(
            model_name="webhookevent", name="order_ref", field=models.CharField(max_length=128, null=True)
        ),
    ]
