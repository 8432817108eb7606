"""Figures of the whole installation, asked of the database at each scrape; what they cost does not grow with history.

Every process gives the same ones: of several, take the largest, not the sum.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count
from procrastinate.contrib.django.models import ProcrastinateJob
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from khata.billing.core.reconciliation import Match
from khata.billing.figures import (
    last_reconciled_at,
    open_findings_by_match,
    recent_top_ups_by_state,
    webhook_events_due_count,
)
from khata.kernel.clock import utc_now
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.errors import DatabaseUnavailable
from khata.kernel.transactions import database_required, with_pooled_connection
from khata.ledger.figures import last_proof_run, wallet_figures
from khata.messaging.figures import message_figures
from khata.webhooks.figures import delivery_figures

logger = logging.getLogger(__name__)

STATEMENT_TIMEOUT_MS = 2_000
"""A figure that takes longer is not worth its load; the scrape then lacks all of them."""


class DatabaseFigures(Collector):
    def collect(self) -> Iterator[Metric]:
        metrics: list[Metric] = []
        try:
            metrics = with_pooled_connection(_read)
        except DatabaseUnavailable as error:
            logger.warning("no figures: %s", error.__cause__)
        yield _gauge("khata_database_up", "1 while the database answers in time.", 1 if metrics else 0)
        yield from metrics

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask the database."""
        return iter(())


def _read() -> list[Metric]:
    with database_required(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = {STATEMENT_TIMEOUT_MS:d}")
        return [*_messages(), *_deliveries(), *_ledger(), *_billing(), *_jobs()]


def _messages() -> Iterator[Metric]:
    figures, now = message_figures(), utc_now()
    open_holds = {
        "accepted": figures.accepted_count,
        "submitting": figures.submitting_count,
        "unknown": figures.unknown_count,
    }
    yield _by_label("khata_holds_open", "Messages whose credits are held (up to 100,000).", "state", open_holds)
    due = {queue.route: queue.due_count for queue in figures.queues}
    yield _by_label("khata_route_messages_due", "Messages of a route that wait for a worker.", "route", due)
    yield _gauge("khata_messages_due", "Messages that wait for a worker (up to 100,000).", figures.due_count)
    yield _gauge("khata_messages_due_age_seconds", "For how long the oldest waits.", _age_s(figures.due_since, now))
    yield _gauge(
        "khata_settlement_lag_seconds",
        "Since when the oldest message handed over, perhaps, is not settled.",
        _age_s(figures.unsettled_since, now),
    )
    yield _gauge(
        "khata_receipts_parked", "Receipts that fit nothing yet (up to 100,000).", figures.parked_receipts_count
    )
    yield _gauge("khata_receipts_parked_age_seconds", "The oldest one's age.", _age_s(figures.parked_since, now))


def _deliveries() -> Iterator[Metric]:
    figures = delivery_figures()
    yield _gauge("khata_deliveries_due", "Webhooks that wait to be sent (up to 10,000).", figures.due_count)
    yield _gauge(
        "khata_deliveries_due_age_seconds", "For how long the oldest waits.", _age_s(figures.due_since, utc_now())
    )


def _ledger() -> Iterator[Metric]:
    wallets, proof = wallet_figures(), last_proof_run()
    yield _gauge("khata_credits_held", "Credits held for open holds.", wallets.held_micro / MICRO_PER_CREDIT)
    yield _gauge("khata_wallets", "Wallets.", wallets.wallets_count)
    yield _gauge("khata_wallets_frozen", "Wallets whose sending is stopped.", wallets.frozen_count)
    if proof is not None:
        yield _gauge("khata_ledger_proof_time_seconds", "When the last proof ended.", proof.proved_at.timestamp())
        yield _gauge("khata_ledger_proof_sound", "1 if it found no difference.", int(proof.is_sound))
        yield _gauge("khata_ledger_proof_duration_seconds", "How long it took.", proof.took_ms / 1000)


def _billing() -> Iterator[Metric]:
    recent = recent_top_ups_by_state()
    yield _by_label("khata_top_ups", "Top-ups made in the last 30 days, by state.", "state", recent)
    yield _gauge("khata_webhook_events_due", "Stored webhooks still to be settled.", webhook_events_due_count())
    found = {match.value: 0 for match in Match if match.is_finding} | open_findings_by_match()
    yield _by_label("khata_reconciliation_findings", "Open differences with the gateway, by kind.", "match", found)
    reconciled_at = last_reconciled_at()
    if reconciled_at is not None:
        yield _gauge("khata_reconciliation_time_seconds", "When the last one ended.", reconciled_at.timestamp())


def _jobs() -> Iterator[Metric]:
    """Jobs that succeeded are deleted, so the table stays small."""
    rows = ProcrastinateJob.objects.values_list("status").annotate(count=Count("id")).order_by()
    yield _by_label("khata_jobs", "Background jobs, by status.", "status", dict(rows))


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value)


def _by_label(name: str, documentation: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def _age_s(since: datetime | None, now: datetime) -> float:
    """0 where there is none."""
    return 0 if since is None else max(0, (now - since).total_seconds())
