"""Messages scheduled for later: out of the index of open messages, in one of their own by the time they are due."""

from django.db import migrations, models
from django.db.models import Q

from khata.messaging.core.life import MessageStatus

# One statement, so that the table is rewritten once.
ALTER = """
alter table messaging_message
      drop column is_open,
      add column scheduled_at timestamptz,
      add column is_open boolean generated always as (status in (2, 3)) stored,
      add column release_at timestamptz generated always as (case when status = 1 then due_at end) stored
"""
BACK = """
alter table messaging_message
      drop column release_at,
      drop column is_open,
      drop column scheduled_at,
      add column is_open boolean generated always as (status in (1, 2, 3)) stored
"""
OPEN = (MessageStatus.ACCEPTED, MessageStatus.SUBMITTING)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0008_mails")]

    operations = [
        migrations.RemoveIndex("message", "message_open_by_route"),
        migrations.RunSQL(
            ALTER,
            BACK,
            state_operations=[
                migrations.RemoveField("message", "is_open"),
                migrations.AddField("message", "scheduled_at", models.DateTimeField(null=True)),
                migrations.AddField(
                    "message",
                    "is_open",
                    models.GeneratedField(
                        expression=models.ExpressionWrapper(Q(status__in=OPEN), output_field=models.BooleanField()),
                        output_field=models.BooleanField(),
                        db_persist=True,
                    ),
                ),
                migrations.AddField(
                    "message",
                    "release_at",
                    models.GeneratedField(
                        expression=models.Case(models.When(status=MessageStatus.SCHEDULED, then="due_at")),
                        output_field=models.DateTimeField(),
                        db_persist=True,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "message", models.Index("route_id", "id", name="message_open_by_route", condition=Q(is_open=True))
        ),
        migrations.AddIndex(
            "message", models.Index("release_at", name="message_scheduled", condition=Q(release_at__isnull=False))
        ),
    ]
