"""Background work of notices. Every job may run twice or late: what it calls decides by what is true then."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from khata.notices import operations
from khata.notices.operations.deferral import QUEUE, SEND_NOTICE

_EVERY_MINUTE = "* * * * *"
_EVERY_HOUR = "7 * * * *"

_MAIL_RETRY = RetryStrategy(max_attempts=10, exponential_wait=3)


@app.task(name=SEND_NOTICE, queue=QUEUE, retry=_MAIL_RETRY)
def send_notice(subject_id: str) -> None:
    operations.send_notice(notice_id=UUID(subject_id))


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="notices.raise_alerts", queue=QUEUE)
def raise_alerts(timestamp: int) -> None:
    operations.raise_alerts()


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="notices.announce_disabled_endpoints", queue=QUEUE)
def announce_disabled_endpoints(timestamp: int) -> None:
    operations.announce_disabled_endpoints()


@app.periodic(cron=_EVERY_HOUR)
@app.task(name="notices.announce_expiries", queue=QUEUE)
def announce_expiries(timestamp: int) -> None:
    """Marks are days before an expiry, so an hour is soon enough."""
    operations.announce_expiries()
