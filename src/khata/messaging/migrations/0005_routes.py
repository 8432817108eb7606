"""Routes: a message keeps the version of the policy it was accepted under; parts are looked at when they are due."""

from django.db import migrations, models
from django.db.models import Q

# What was sent before there were routes went by this one.
FIRST_VERSION = """
insert into messaging_routeversion (name, charge_on, receipt_wait_h, kept_per_segment, is_safe_to_resend)
values ('default', 'accepted', 72, 0, false)
"""
DUE = "update messaging_awaitedpart set due_at = submitted_at + interval '72 hours'"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_leases")]

    operations = [
        migrations.CreateModel(
            name="RouteVersion",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("charge_on", models.TextField(choices=[("accepted", "accepted"), ("delivered", "delivered")])),
                ("receipt_wait_h", models.IntegerField()),
                ("kept_per_segment", models.BigIntegerField()),
                ("is_safe_to_resend", models.BooleanField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "charge_on", "receipt_wait_h", "kept_per_segment", "is_safe_to_resend"),
                        name="route_version_once",
                    )
                ]
            },
        ),
        migrations.RunSQL(FIRST_VERSION, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="CarrierReading",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "token", "carrier", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("token", models.BigIntegerField()),
                ("carrier", models.TextField()),
                ("is_bound", models.BooleanField()),
                ("is_resting", models.BooleanField()),
                ("window", models.IntegerField()),
                ("outstanding_count", models.IntegerField()),
                ("answers_per_min", models.IntegerField()),
                ("detail", models.TextField()),
                ("last_error", models.TextField()),
                ("last_error_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField("message", "route_id", models.SmallIntegerField(db_default=1)),
        migrations.AddField("message", "is_possible_duplicate", models.BooleanField(db_default=False)),
        migrations.AddIndex(
            "message", models.Index("route_id", "id", name="message_open_by_route", condition=Q(is_open=True))
        ),
        migrations.RemoveIndex("message", "message_open"),
        migrations.AddField("awaitedpart", "due_at", models.DateTimeField(null=True)),
        migrations.RunSQL(DUE, migrations.RunSQL.noop),
        migrations.AlterField("awaitedpart", "due_at", models.DateTimeField()),
        migrations.AddIndex("awaitedpart", models.Index(fields=["due_at"], name="awaited_part_due")),
    ]
