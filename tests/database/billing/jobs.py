"""The jobs waiting in the database, and a worker that runs them here and now."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from khata.billing import jobs
from khata.billing.operations.deferral import QUEUE

_FUNCTIONS: dict[str, Callable[..., None]] = {
    task.name: task.func
    for task in (
        jobs.settle_top_up,
        jobs.settle_webhook,
        jobs.send_top_up_mail,
        jobs.send_refund,
        jobs.send_renewal_mail,
        jobs.send_plan_lapsed_mail,
        jobs.close_order,
    )
}


def waiting(subject_id: UUID) -> list[str]:
    """Names of the jobs about one subject that nobody has run."""
    return [task_name for _, task_name, _ in _waiting(subject_id)]


def run(subject_id: UUID) -> list[str]:
    """Runs them, as a worker would; returns their names."""
    done = []
    for job_id, task_name, arguments in _waiting(subject_id):
        _FUNCTIONS[task_name](**arguments)
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs where id = %s", [job_id])
        done.append(task_name)
    return done


def _waiting(subject_id: UUID) -> list[tuple[int, str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, task_name, args from procrastinate_jobs"
            " where queue_name = %s and status = 'todo' and args->>'subject_id' = %s order by id",
            [QUEUE, str(subject_id)],
        )
        return [(job_id, name, _parsed(arguments)) for job_id, name, arguments in cursor.fetchall()]


def _parsed(arguments: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(arguments) if isinstance(arguments, str) else arguments
    return parsed
