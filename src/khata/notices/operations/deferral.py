"""Background work, deferred in the caller's transaction; named, not imported, since jobs stand above operations."""

from uuid import UUID

from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from khata.kernel.errors import DatabaseUnavailable

SEND_NOTICE = "notices.send_notice"
QUEUE = "notices"


def send_notice_later(notice_id: UUID) -> None:
    """Raises DatabaseUnavailable."""
    try:
        app.configure_task(SEND_NOTICE, queue=QUEUE).defer(subject_id=str(notice_id))
    except ConnectorException as error:
        raise DatabaseUnavailable from error
