"""Top-ups and sends at once, in the same wallets: how much each leaves of the other."""

import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

import django

from bench.figures import Figure
from bench.lines.acceptance import accept_step
from bench.scale import WALLETS_COUNT
from bench.stage import Stage
from bench.timing import rate_per_s, rates_per_s
from bench.traffic import open_wallets
from khata.kernel.ids import new_uuid
from khata.kernel.transactions import in_transaction
from khata.ledger.core import Condition, Purchase
from khata.ledger.operations import post_batch

SEND_BATCH_COUNT = 512
TOP_UP_MICRO, TOP_UP_MINOR = 5_000 * 10**6, 100_000


def measure(stage: Stage) -> Iterator[Figure]:
    organisation_ids, seconds = open_wallets(WALLETS_COUNT), stage.scale.seconds
    send = partial(rates_per_s, [accept_step(organisation_ids, SEND_BATCH_COUNT)], seconds)
    with _second_process() as other:
        buy = partial(other.submit, top_ups_per_s, organisation_ids, seconds)
        (sends_alone,), top_ups_alone = send(), buy().result()
        top_ups = buy()
        (sends_beside,) = send()
    yield Figure(
        f"mixed: sends in batches of {SEND_BATCH_COUNT} beside top-ups",
        sends_beside,
        "msg/s",
        sends_alone,
        f"{WALLETS_COUNT:,} wallets; ceiling: without top-ups",
    )
    yield Figure(
        "mixed: top-ups beside sends",
        top_ups.result(),
        "top-ups/s",
        top_ups_alone,
        "the credit in the ledger, one commit each; ceiling: without sends",
    )


def top_ups_per_s(organisation_ids: list[int], seconds: float) -> float:
    """Credits bought as a settled payment does it: one purchase, one commit."""

    def buy() -> int:
        purchase = Purchase(random.choice(organisation_ids), new_uuid(), TOP_UP_MICRO, TOP_UP_MINOR)
        with in_transaction() as connection:
            (outcome,) = post_batch(connection, [purchase])
        assert outcome.condition is Condition.ACCEPTED
        return 1

    return rate_per_s(buy, seconds)


def _second_process() -> Executor:
    """Payments are settled by the worker, not by the process that accepts messages. It reads DATABASE_URL anew."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=django.setup)
