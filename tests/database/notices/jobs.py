"""The mails waiting in the database, and a worker that sends them here and now."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from khata.notices import jobs
from khata.notices.models import Notice
from khata.notices.operations.deferral import SEND_NOTICE


def waiting(organisation_id: int) -> list[UUID]:
    """The organisation's notices whose mail nobody has sent."""
    mine = set(Notice.objects.filter(organisation_id=organisation_id).values_list("id", flat=True))
    return [notice_id for _, notice_id in _waiting() if notice_id in mine]


def send(organisation_id: int) -> None:
    """As a worker would: the job is gone once its mail is sent."""
    mine = waiting(organisation_id)
    for job_id, notice_id in _waiting():
        if notice_id in mine:
            jobs.send_notice.func(subject_id=str(notice_id))
            with connection.cursor() as cursor:
                cursor.execute("delete from procrastinate_jobs where id = %s", [job_id])


def _waiting() -> list[tuple[int, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, args from procrastinate_jobs where task_name = %s and status = 'todo' order by id",
            [SEND_NOTICE],
        )
        return [(job_id, UUID(_parsed(arguments)["subject_id"])) for job_id, arguments in cursor.fetchall()]


def _parsed(arguments: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(arguments) if isinstance(arguments, str) else arguments
    return parsed
