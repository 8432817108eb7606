"""Background work of billing. Every job may run twice or late: what it calls decides by what is true then."""

from datetime import timedelta
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from khata.billing import operations
from khata.billing.operations import auto_charges, auto_looks, auto_top_up_mails, closings, mandates
from khata.billing.operations.deferral import (
    CHARGE_TOP_UP,
    CLOSE_ORDER,
    FORGET_MANDATE,
    PROVE_LEDGER,
    QUEUE,
    RECONCILE_NOW,
    SEND_AUTO_TOP_UP_MAIL,
    SEND_CHARGE_NOTICE,
    SEND_CREDIT_NOTE_MAIL,
    SEND_PLAN_LAPSED_MAIL,
    SEND_REFUND,
    SEND_RENEWAL_MAIL,
    SEND_TOP_UP_MAIL,
    SETTLE_TOP_UP,
    SETTLE_WEBHOOK,
)
from khata.billing.operations.reconciliation import LATE, RECENT, reconcile_payments
from khata.billing.operations.reconciliation_settlements import reconcile_settlements
from khata.ledger import operations as ledger

_EVERY_MINUTE = "* * * * *"
_EVERY_FIVE_MINUTES = "*/5 * * * *"
_EVERY_NIGHT = "30 21 * * *"
"""03:00 in India: the gateway has posted the day before."""

_RECONCILIATION = "reconciliation"
"""One at a time: two would settle the same top-ups."""

_RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)
"""For a database that is away or a lock that took too long; a silent gateway is not an error but a later check."""

_MAIL_RETRY = RetryStrategy(max_attempts=10, exponential_wait=3)


@app.task(name=SETTLE_TOP_UP, queue=QUEUE, retry=_RETRY)
def settle_top_up(subject_id: str) -> None:
    operations.settle_top_up(top_up_id=UUID(subject_id))


@app.task(name=SETTLE_WEBHOOK, queue=QUEUE, retry=_RETRY)
def settle_webhook(subject_id: str) -> None:
    operations.settle_webhook(event_id=UUID(subject_id))


@app.task(name=SEND_REFUND, queue=QUEUE, retry=_RETRY)
def send_refund(subject_id: str) -> None:
    operations.send_refund(refund_id=UUID(subject_id))


@app.task(name=SEND_TOP_UP_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_top_up_mail(subject_id: str) -> None:
    operations.send_top_up_mail(top_up_id=UUID(subject_id))


@app.task(name=SEND_CREDIT_NOTE_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_credit_note_mail(subject_id: str) -> None:
    operations.send_credit_note_mail(document_id=UUID(subject_id))


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.settle_open_top_ups", queue=QUEUE)
def settle_open_top_ups(timestamp: int) -> None:
    """Young ones at every run, failed and expired ones ever more rarely up to five days (core/checks.py)."""
    operations.settle_due_top_ups_later()


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.settle_stored_webhooks", queue=QUEUE)
def settle_stored_webhooks(timestamp: int) -> None:
    operations.settle_due_webhooks_later()


@app.periodic(cron=_EVERY_FIVE_MINUTES)
@app.task(name="billing.reconcile_recent_payments", queue=QUEUE, lock=_RECONCILIATION, queueing_lock="recent payments")
def reconcile_recent_payments(timestamp: int) -> None:
    reconcile_payments(span=RECENT)


@app.periodic(cron=_EVERY_NIGHT)
@app.task(name="billing.reconcile_late_payments", queue=QUEUE, lock=_RECONCILIATION)
def reconcile_late_payments(timestamp: int) -> None:
    """Once a day over all that a bank may still confirm, and over what was paid out."""
    reconcile_payments(span=LATE)
    reconcile_settlements()


@app.task(name=RECONCILE_NOW, queue=QUEUE, lock=_RECONCILIATION)
def reconcile_now(subject_id: str) -> None:
    """The same, because an operator asked (`subject_id` is that row of the audit trail)."""
    reconcile_payments(span=LATE)
    reconcile_settlements()


@app.task(name=PROVE_LEDGER, queue=QUEUE)
def prove_ledger(subject_id: str) -> None:
    """Because an operator asked (`subject_id` is that row of the audit trail)."""
    ledger.prove_if_due(interval=timedelta(0))


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.send_due_refunds", queue=QUEUE)
def send_due_refunds(timestamp: int) -> None:
    """Those whose first try died or found no answer."""
    operations.send_due_refunds_later()


@app.task(name=SEND_RENEWAL_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_renewal_mail(subject_id: str) -> None:
    operations.send_renewal_mail(top_up_id=UUID(subject_id))


@app.task(name=SEND_PLAN_LAPSED_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_plan_lapsed_mail(subject_id: str) -> None:
    operations.send_plan_lapsed_mail(subscription_id=UUID(subject_id))


@app.periodic(cron=_EVERY_FIVE_MINUTES)
@app.task(name="billing.look_after_subscriptions", queue=QUEUE, queueing_lock="subscriptions")
def look_after_subscriptions(timestamp: int) -> None:
    """Renewals three days ahead, free months, plans that were not paid on: each by its row's `due_at`."""
    operations.look_after_subscriptions()


@app.periodic(cron=_EVERY_MINUTE)
@app.task(name="billing.top_up_automatically", queue=QUEUE, lock="auto top-up", queueing_lock="auto top-up")
def top_up_automatically(timestamp: int) -> None:
    auto_looks.top_up_automatically()


@app.task(name=CHARGE_TOP_UP, queue=QUEUE)
def charge_top_up(subject_id: str) -> None:
    """A try that dies or finds no answer is followed by the next look (operations/auto_looks.py)."""
    auto_charges.charge_top_up(top_up_id=UUID(subject_id))


@app.task(name=FORGET_MANDATE, queue=QUEUE, retry=_MAIL_RETRY)
def forget_mandate(subject_id: str) -> None:
    mandates.forget_mandate(auto_top_up_id=UUID(subject_id))


@app.task(name=CLOSE_ORDER, queue=QUEUE, retry=_MAIL_RETRY)
def close_order(subject_id: str) -> None:
    """After the last try the gateway's own end of a link or a code is left."""
    closings.close_order(top_up_id=UUID(subject_id))


@app.task(name=SEND_CHARGE_NOTICE, queue=QUEUE, retry=_MAIL_RETRY)
def send_charge_notice(subject_id: str) -> None:
    auto_top_up_mails.send_charge_notice(top_up_id=UUID(subject_id))


@app.task(name=SEND_AUTO_TOP_UP_MAIL, queue=QUEUE, retry=_MAIL_RETRY)
def send_auto_top_up_mail(subject_id: str) -> None:
    auto_top_up_mails.send_auto_top_up_mail(auto_top_up_id=UUID(subject_id))
