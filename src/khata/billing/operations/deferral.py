"""Background work, deferred in the caller's transaction: it exists exactly when the change that causes it does.

Jobs are named, not imported, since they stand above the operations they run.
"""

from uuid import UUID

from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from khata.kernel.errors import DatabaseUnavailable

SETTLE_TOP_UP = "billing.settle_top_up"
SETTLE_WEBHOOK = "billing.settle_webhook"
SEND_TOP_UP_MAIL = "billing.send_top_up_mail"
SEND_REFUND = "billing.send_refund"
RECONCILE_NOW = "billing.reconcile_now"
PROVE_LEDGER = "billing.prove_ledger"
SEND_CREDIT_NOTE_MAIL = "billing.send_credit_note_mail"
SEND_RENEWAL_MAIL = "billing.send_renewal_mail"
SEND_PLAN_LAPSED_MAIL = "billing.send_plan_lapsed_mail"
CHARGE_TOP_UP = "billing.charge_top_up"
SEND_CHARGE_NOTICE = "billing.send_charge_notice"
SEND_AUTO_TOP_UP_MAIL = "billing.send_auto_top_up_mail"
FORGET_MANDATE = "billing.forget_mandate"
CLOSE_ORDER = "billing.close_order"
QUEUE = "billing"


def defer(job_name: str, subject_id: UUID) -> None:
    """Raises DatabaseUnavailable."""
    try:
        app.configure_task(job_name, queue=QUEUE).defer(subject_id=str(subject_id))
    except ConnectorException as error:
        raise DatabaseUnavailable from error
