"""Messages of unknown fate are swept and counted every few seconds: they are found without reading all others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from khata.messaging.core.life import MessageStatus


class Migration(migrations.Migration):
    atomic = False  # Built beside running traffic.
    dependencies = [("messaging", "0002_room")]
    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                models.F("submitted_at"),
                condition=models.Q(("status", MessageStatus["UNKNOWN"])),
                name="message_doubtful",
            ),
        )
    ]
