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
QUEUE = "billing"


def defer(job_name: str, subject_id: UUID) -> None:
    """Raises DatabaseUnavailable."""
    try:
        app.configure_task(job_name, queue=QUEUE).defer(subject_id=str(subject_id))
    except ConnectorException as error:
        raise DatabaseUnavailable from error
