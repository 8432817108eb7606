"""Leases move from the messages to their workers; the work tables lose what nothing reads."""

from django.db import migrations, models

from khata.messaging.core.life import MessageStatus

# By hand: Django cannot give an existing table a key of two columns.
PARTS = """
alter table messaging_awaitedpart drop constraint messaging_awaitedpart_pkey, drop constraint awaited_part_once,
    drop column id, add primary key (message_id, part), add shard smallint;
update messaging_awaitedpart set shard = organisation_id % 256;
alter table messaging_awaitedpart alter shard set not null;
drop index awaited_part_by_ref;
create index awaited_part_by_ref on messaging_awaitedpart (carrier_ref);
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_allowances")]
    operations = [
        migrations.CreateModel(
            name="WorkerLease",
            fields=[
                ("token", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leased_until", models.DateTimeField()),
                ("unbroken_since", models.DateTimeField()),
            ],
        ),
        migrations.RenameField("message", "leased_until", "claimed_at"),
        # Written by hand: what Django makes of a change of type cannot say how the elements are joined.
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "alter table messaging_message alter carrier_refs type text"
                    " using array_to_string(carrier_refs, chr(31))",
                    "alter table messaging_message alter carrier_refs type text[]"
                    " using string_to_array(carrier_refs, chr(31))",
                )
            ],
            [migrations.AlterField("message", "carrier_refs", models.TextField(null=True))],
        ),
        migrations.RemoveField("parkedreceipt", "tried_at"),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(PARTS)],
            [
                migrations.DeleteModel("AwaitedPart"),
                migrations.CreateModel(
                    name="AwaitedPart",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "message_id", "part", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("organisation_id", models.BigIntegerField()),
                        ("submitted_at", models.DateTimeField()),
                        ("message_id", models.UUIDField()),
                        ("shard", models.SmallIntegerField()),
                        ("part", models.SmallIntegerField()),
                        ("status", models.SmallIntegerField(default=MessageStatus.SUBMITTED)),
                        ("carrier", models.TextField()),
                        ("carrier_ref", models.TextField()),
                        ("error_code", models.TextField(default="")),
                    ],
                    options={"indexes": [models.Index(fields=["carrier_ref"], name="awaited_part_by_ref")]},
                ),
            ],
        ),
    ]
