"""Messages made durable a second: credits held, transfer and message written, one commit per batch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from bench.bare_copy import BareCopy
from bench.figures import Figure
from bench.scale import WALLETS_COUNT
from bench.stage import Stage
from bench.timing import Step, rates_per_s
from bench.traffic import acceptances, open_wallets
from khata.messaging.operations import Acceptance, Accepted, accept_batch

ROWS_COUNT = 24_576
"""Rows the ceiling copies: some batches of the largest size."""
NOTE = "ceiling: bare COPY of the same rows"


def measure(stage: Stage) -> Iterator[Figure]:
    one, many = open_wallets(1), open_wallets(WALLETS_COUNT)
    with stage.connection(as_owner=True) as owner:
        copies = [_bare_copy(owner, "one", one), _bare_copy(owner, "many", many)]
        for count in stage.scale.batch_counts:
            steps = [accept_step(one, count), accept_step(many, count), *(copy.step(count) for copy in copies)]
            of_one, of_many, ceiling_of_one, ceiling_of_many = rates_per_s(steps, stage.scale.seconds)
            name = f"acceptance, batch {count:,}"
            yield Figure(f"{name}, 1 wallet", of_one, "msg/s", ceiling_of_one, NOTE)
            yield Figure(f"{name}, {WALLETS_COUNT:,} wallets", of_many, "msg/s", ceiling_of_many, NOTE)
            yield Figure(f"{name}, 1 wallet ÷ {WALLETS_COUNT:,}", of_one / of_many, "")


def accept_step(organisation_ids: list[int], batch_count: int) -> Step:
    """Accepts a batch; making the requests is the caller's work and not timed."""
    asked: list[Acceptance] = []
    asked_count = 0

    def prepare() -> None:
        nonlocal asked_count
        asked[:] = acceptances(organisation_ids, batch_count, first=asked_count)
        asked_count += batch_count

    def run() -> int:
        answers = accept_batch(asked)
        assert all(isinstance(answer, Accepted) for answer in answers)
        return batch_count

    return Step(run, prepare)


def _bare_copy(owner: psycopg.Connection[Any], name: str, organisation_ids: list[int]) -> BareCopy:
    """Of rows just accepted for those."""
    row = owner.execute("select clock_timestamp()").fetchone()
    assert row is not None
    since: datetime = row[0]
    accept_batch(acceptances(organisation_ids, ROWS_COUNT))
    return BareCopy(owner, name, since=since)
