"""What this process counts and measures, for Prometheus. Figures of the whole installation: site/figures.py.

A registry of our own: the library's global one also carries figures of the interpreter that nobody asked for.
"""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 4, 16, 64, 256, 512, 1024, 2048)

REQUESTS = Counter("khata_requests", "Requests answered.", ["door", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "khata_request_seconds", "From a request's head to its answer's end.", ["door"], buckets=_SECONDS, registry=REGISTRY
)
REFUSALS = Counter("khata_refusals", "Refusals of the API, by their code.", ["code"], registry=REGISTRY)
_MESSAGES_FINISHED = Counter(
    "khata_messages_finished", "Messages that reached their final state.", ["state"], registry=REGISTRY
)
CARRIER_BOUND = Gauge("khata_carrier_bound", "1 while messages can be handed over.", ["carrier"], registry=REGISTRY)
CARRIER_OUTSTANDING = Gauge(
    "khata_carrier_outstanding", "Submissions whose answer has not come.", ["carrier"], registry=REGISTRY
)
CARRIER_ANSWERS = Counter(
    "khata_carrier_answers", "What carriers answered to submissions.", ["carrier", "answer"], registry=REGISTRY
)

_BATCH_SIZE = Histogram("khata_batch_size", "Requests per commit.", ["writer"], buckets=_SIZES, registry=REGISTRY)
_BATCH_SECONDS = Histogram(
    "khata_batch_seconds", "One batch, from its first read to its commit.", ["writer"], buckets=_SECONDS,
    registry=REGISTRY,
)  # fmt: skip
_BATCH_WAITING = Gauge(
    "khata_batch_waiting", "Requests that waited when the last batch was done.", ["writer"],
    registry=REGISTRY, multiprocess_mode="livesum",
)  # fmt: skip


OnBatch = Callable[[int, float, int], None]
"""Hears of each batch written: how many requests, how many seconds, how many wait now."""


def count_finished(messages: Mapping[str, int]) -> None:
    """By final state, once that is committed."""
    for state, count in messages.items():
        _MESSAGES_FINISHED.labels(state).inc(count)


def batch_observer(writer: str) -> OnBatch:
    """Measures one writer's batches under its name."""
    size, seconds, waiting = _BATCH_SIZE.labels(writer), _BATCH_SECONDS.labels(writer), _BATCH_WAITING.labels(writer)

    def observe(request_count: int, took_s: float, waiting_count: int) -> None:
        size.observe(request_count)
        seconds.observe(took_s)
        waiting.set(waiting_count)

    return observe
