"""What guards destinations: counts, numbers opted out; and messages from phones."""

from django.db import migrations, models
from django.db.models import Q


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_templates")]

    operations = [
        migrations.CreateModel(
            name="Velocity",
            fields=[
                ("pk", _key("shard", "organisation_id", "destination")),
                ("shard", models.SmallIntegerField()),
                ("organisation_id", models.BigIntegerField()),
                ("destination", models.TextField()),
                ("hour_at", models.DateTimeField()),
                ("in_hour", models.IntegerField()),
                ("day", models.DateField()),
                ("in_day", models.IntegerField()),
                ("usual_per_day", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="OptOut",
            fields=[
                ("pk", _key("shard", "organisation_id", "recipient")),
                ("shard", models.SmallIntegerField()),
                ("organisation_id", models.BigIntegerField()),
                ("recipient", models.TextField()),
                ("id", models.UUIDField()),
                ("reason", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("shard", "organisation_id", "id"), name="opt_out_by_id")
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundNumber",
            fields=[
                ("number", models.TextField(primary_key=True, serialize=False)),
                ("organisation_id", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="InboundMessage",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("organisation_id", models.BigIntegerField(null=True)),
                ("shard", models.SmallIntegerField(null=True)),
                ("carrier", models.TextField()),
                ("carrier_ref", models.TextField()),
                ("sender", models.TextField()),
                ("recipient", models.TextField()),
                ("body", models.TextField()),
                ("keyword", models.TextField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index("shard", "organisation_id", "id", name="inbound_by_organisation"),
                    models.Index("id", name="inbound_unmatched", condition=Q(organisation_id=None)),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("carrier", "carrier_ref", "sender", "recipient"),
                        condition=~Q(carrier_ref=""),
                        name="inbound_message_once",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            "message",
            models.Index("recipient", "id", name="message_answerable", condition=Q(sender__regex="^[+0-9]")),
        ),
    ]
