"""Payment links and QR codes: how a top-up is paid, and where."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_auto_top_ups")]

    operations = [
        migrations.AddField(
            model_name="topup",
            name="pay_by",
            field=models.CharField(
                choices=[("checkout", "CHECKOUT"), ("link", "LINK"), ("upi_qr", "UPI_QR")],
                default="checkout",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="topup",
            name="pay_url",
            field=models.CharField(blank=True, default="", max_length=512),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="topup",
            name="upi_uri",
            field=models.CharField(blank=True, default="", max_length=1024),
            preserve_default=False,
        ),
    ]
