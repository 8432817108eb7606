"""Khata's background work without its process: jobs from the same table, run by several threads at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from procrastinate.tasks import Task

from khata.billing import jobs
from khata.billing.models import Refund, TopUp, WebhookEvent
from khata.billing.operations import send_due_refunds_later, settle_due_top_ups_later, settle_due_webhooks_later
from khata.billing.operations.deferral import QUEUE
from khata.kernel.clock import utc_now

TASKS = {task.name: task for task in vars(jobs).values() if isinstance(task, Task)}
SWEEPS = (settle_due_top_ups_later, settle_due_webhooks_later, send_due_refunds_later)
THREADS = 4
TRIES = 12
BATCH_SIZE = 200

Job = tuple[str, dict[str, Any]]


def work_off() -> int:
    """Runs what is waiting until nothing is; how many jobs that were. What fails TRIES times fails here."""
    count = 0
    with ThreadPoolExecutor(THREADS) as threads:
        while batch := _take():
            list(threads.map(_run, batch))
            count += len(batch)
    return count


def sweep(organisation_ids: tuple[int, ...]) -> None:
    """The poller, a long time later: all that it is to look at again of these organisations has come due.

    It takes a limited number at once, oldest first, and other tests leave theirs behind: it is asked until none is due.
    """
    now = utc_now()
    TopUp.objects.filter(organisation_id__in=organisation_ids, check_due_at__isnull=False).update(check_due_at=now)
    WebhookEvent.objects.filter(due_at__isnull=False).update(due_at=now)
    Refund.objects.filter(top_up__organisation_id__in=organisation_ids, due_at__isnull=False).update(due_at=now)
    for settle_due_later in SWEEPS:
        while settle_due_later():
            pass
    work_off()


def _take() -> list[Job]:
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from procrastinate_jobs where id in (select id from procrastinate_jobs"
            " where queue_name = %s and status = 'todo' order by id limit %s for update skip locked)"
            " returning task_name, args",
            [QUEUE, BATCH_SIZE],
        )
        found = cursor.fetchall()
    return [(name, json.loads(given) if isinstance(given, str) else given) for name, given in found]


def _run(job: Job) -> None:
    name, arguments = job
    try:
        for tries_left in reversed(range(TRIES)):
            try:
                TASKS[name].func(**arguments)
                return
            except Exception:
                if not tries_left:
                    raise
    finally:
        connection.close()
