"""Background work of webhooks."""

from procrastinate.contrib.django import app

from khata.webhooks import operations

_EVERY_HOUR = "23 * * * *"


@app.periodic(cron=_EVERY_HOUR)
@app.task(name="webhooks.drop_old_events", queue="webhooks", queueing_lock="old webhook events")
def drop_old_events(timestamp: int) -> None:
    """In steps, so that no transaction grows long."""
    while operations.drop_old_events():
        continue
