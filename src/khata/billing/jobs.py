"""Background work of billing. Every job may run twice or late: what it calls decides by what is true then."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from khata.billing import operations
from khata.billing.operations.deferral import QUEUE, SEND_TOP_UP_MAIL, SETTLE_TOP_UP, SETTLE_WEBHOOK

_EVERY_MINUTE = "* * * * *"

_RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)
"""For a database that is away or a lock that took too long; a silent gateway is not an error but a later check."""

_MAIL_RETRY = RetryStrategy(max_attempts=10, exponential_wait=3)


@app.task(name=SETTLE_TOP_UP, queue=QUEUE, retry=_RETRY)
def settle_top_up(subject_id: str) -> None:
    operations.settle_top_up(top_up_id=UUID(subject_id))


@app.task(name=SETTLE_WEBHOOK, queue=QUEUE, retry=_RETRY)
def settle_webhook(subject_id: str) -> None:
    operations.settle_webhook(event_id=UUID(subject_id))


@app.task(name=SEND_TOP_UP_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_top_up_mail(subject_id: str) -> None:
    operations.send_top_up_mail(top_up_id=UUID(subject_id))


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.settle_open_top_ups", queue=QUEUE)
def settle_open_top_ups(timestamp: int) -> None:
    """Young ones at every run, failed and expired ones ever more rarely up to five days (core/checks.py)."""
    operations.settle_due_top_ups_later()


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.settle_stored_webhooks", queue=QUEUE)
def settle_stored_webhooks(timestamp: int) -> None:
    operations.settle_due_webhooks_later()
