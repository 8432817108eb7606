"""What e-mails have besides a message's row, and the octets of their attachments until they are handed over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailAttachment",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard",
                        "organisation_id",
                        "message_id",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organisation_id", models.BigIntegerField()),
                ("message_id", models.UUIDField()),
                ("shard", models.SmallIntegerField()),
                ("place", models.SmallIntegerField()),
                ("name", models.TextField()),
                ("content_type", models.TextField()),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="MailContent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shard",
                        "organisation_id",
                        "message_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organisation_id", models.BigIntegerField()),
                ("message_id", models.UUIDField()),
                ("shard", models.SmallIntegerField()),
                ("has_unsubscribe", models.BooleanField()),
                ("subject", models.TextField()),
                ("html", models.TextField()),
                ("files", models.JSONField()),
            ],
        ),
        migrations.AlterField(
            model_name="message",
            name="encoding",
            field=models.SmallIntegerField(choices=[(1, "gsm7"), (2, "ucs2"), (3, "utf8")]),
        ),
    ]
