"""`khata worker`: hands messages over, takes receipts, runs background jobs."""

from typing import Annotated

import typer

from khata.cli import ports, wiring
from khata.cli.errors import Misconfigured

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def worker(
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for Prometheus to read /metrics from; 0 for none.")
    ] = 0,
    metrics_host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
) -> None:
    """Send messages and run background jobs until SIGTERM or SIGINT."""
    wiring.set_up()
    if metrics_port:
        _serve_metrics(metrics_host, metrics_port)
    wiring.call(wiring.WORKER)


def _serve_metrics(host: str, port: int) -> None:
    if host not in LOOPBACK and not wiring.read_environment().metrics_token:
        raise Misconfigured("--metrics-host is not this machine alone: set KHATA_METRICS_TOKEN.")
    ports.require_free({"the worker's metrics": (host, port)})
    wiring.call(wiring.SERVE_METRICS, host, port)
