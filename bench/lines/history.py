"""Balance and pages of an organisation with a long past: the same at ten thousand rows and at ten million."""

from collections.abc import Callable, Iterator
from functools import partial

from bench.figures import Figure
from bench.filling import fill_history
from bench.stage import Stage
from bench.timing import medians_ms
from bench.traffic import CREDITS_MICRO, open_wallets
from khata.ledger import queries as ledger
from khata.messaging import queries as messaging
from khata.messaging.queries import MessageFilter

Read = Callable[[], object]


def measure(stage: Stage) -> Iterator[Figure]:
    """Organisations of every size stand side by side in one database, and are read in turns."""
    counts = stage.scale.history_counts
    reads = [_reads(_organisation(stage, count)) for count in counts]
    note = f"p50 of {stage.scale.read_count} reads"
    for name in reads[0]:
        medians = medians_ms([by_name[name] for by_name in reads], stage.scale.read_count)
        for count, took_ms in zip(counts, medians, strict=True):
            yield Figure(f"{name}, {count:,} transfers", took_ms, "ms", note=note)
        yield Figure(f"{name}, {counts[-1]:,} ÷ {counts[0]:,}", medians[-1] / medians[0], "")


def _organisation(stage: Stage, transfers_count: int) -> int:
    (organisation_id,) = open_wallets(1)
    with stage.connection(as_owner=True) as owner:
        fill_history(
            owner, organisation_id=organisation_id, transfers_count=transfers_count, credits_micro=CREDITS_MICRO
        )
    return organisation_id


def _reads(organisation_id: int) -> dict[str, Read]:
    """What `GET /v1/balance`, Credit History and `GET /v1/messages` ask the database."""
    history = partial(ledger.history, organisation_id=organisation_id)
    next_page = partial(history, before_seq=int(history().next_cursor or 0))
    messages = partial(messaging.search_messages, organisation_id=organisation_id, where=MessageFilter())
    return {
        "balance": partial(ledger.balance, organisation_id=organisation_id),
        "history, first page": history,
        "history, next page": next_page,
        "messages, first page": messages,
    }
