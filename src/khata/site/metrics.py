"""`/metrics`: what this process measured and what the database says, for Prometheus and nobody else."""

import hmac
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from anyio import to_thread
from django.conf import settings
from django.db import connection
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from khata.kernel.metrics import REGISTRY
from khata.site.environment import Environment
from khata.site.figures import DatabaseFigures

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: where the processes of one `khata serve` keep their counts together (cli/serve.py)."""

REFUSAL = b"Metrics are read from this machine, or with KHATA_METRICS_TOKEN as a bearer token.\n"
_FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. Header names are lower-case."""

    address: str | None
    headers: Mapping[str, str]
    is_behind_proxy: bool
    """Then the address says nothing: it is the proxy's, often this machine's."""


def may_read(reader: Reader, environment: Environment) -> bool:
    """With a token set, only who sends it. Without one, only this machine, where its address can be believed."""
    if environment.metrics_token:
        return hmac.compare_digest(
            reader.headers.get("authorization", "").encode(), f"Bearer {environment.metrics_token}".encode()
        )
    is_forwarded = not _FORWARDED.isdisjoint(reader.headers)
    return _is_loopback(reader.address) and not reader.is_behind_proxy and not is_forwarded


def render_metrics() -> bytes:
    """All of it in Prometheus' text format. Blocks for a few short queries."""
    return generate_latest(_registry())


async def answer_metrics(scope: Any, receive: Any, send: Any) -> None:
    """One ASGI request."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client, environment = scope.get("client"), settings.ENVIRONMENT
    # Khata speaks no TLS itself: an https address means a proxy.
    is_behind_proxy = environment.is_https or environment.trusted_proxies_count > 0
    if not may_read(Reader(client[0] if client else None, headers, is_behind_proxy), environment):
        await _send(send, 403, b"text/plain; charset=utf-8", REFUSAL)
    elif scope["method"] not in ("GET", "HEAD"):
        await _send(send, 405, b"text/plain; charset=utf-8", b"GET only.\n")
    else:
        await _send(send, 200, CONTENT_TYPE_LATEST.encode(), await to_thread.run_sync(render_metrics))


async def _send(send: Any, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store"), (b"allow", b"GET, HEAD")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _PoolFigures(Collector):
    """Of the process that answers, named by its number."""

    def collect(self) -> Iterator[Metric]:
        stats = connection.pool.get_stats()  # type: ignore[attr-defined]
        family = GaugeMetricFamily(
            "khata_database_pool", "Database connections of one process.", labels=["process", "connections"]
        )
        idle = stats.get("pool_available", 0)
        figures = {
            "idle": idle,
            "in_use": stats.get("pool_size", 0) - idle,
            "limit": stats["pool_max"],
            "waited_for": stats.get("requests_waiting", 0),
        }
        for name, value in figures.items():
            family.add_metric([str(os.getpid()), name], value)
        yield family


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DatabaseFigures())
    registry.register(_PoolFigures())
    if SHARED_FOLDER in os.environ:
        _forget_dead_processes(Path(os.environ[SHARED_FOLDER]))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
        ProcessCollector(registry=registry)
    return registry


def _forget_dead_processes(folder: Path) -> None:
    """What they counted stays; what was true of them while they lived goes."""
    for file in folder.glob("gauge_live*_*.db"):
        process_id = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{process_id}").exists():
            mark_process_dead(process_id)  # type: ignore[no-untyped-call]


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
