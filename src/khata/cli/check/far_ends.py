"""Whether gateways, carriers and mail server take a connection. Nothing is said to them: nothing is proved beyond."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_S = 5
_USUAL_PORTS = {"smpp": 2775, "smtp": 587}
"""By driver, where a carrier names a host alone."""


def reachable(environment: Any) -> Iterator[str]:
    for what, host, port in (
        *_gateways(environment),
        *_carriers(environment),
        ("The mail server (KHATA_SMTP_HOST)", environment.smtp_host, environment.smtp_port),
    ):
        try:
            socket.create_connection((host or "", port), TIMEOUT_S).close()
        except OSError as error:
            yield f"{what} cannot be reached at {host}:{port}: {error.strerror or error}."


def _carriers(environment: Any) -> Iterator[tuple[str, str | None, int]]:
    """Likewise; of the carriers file those that speak to a host, not to a web address."""
    if not environment.carriers_file:
        yield "The carrier (KHATA_SMPP_HOST)", environment.smpp_host, environment.smpp_port
        return
    for carrier in settings.CARRIERS.carriers:
        if carrier.driver in _USUAL_PORTS:
            port = carrier.table.get("port", _USUAL_PORTS[carrier.driver])
            yield f"The carrier {carrier.name}", carrier.table["host"], port


def _gateways(environment: Any) -> Iterator[tuple[str, str | None, int]]:
    """Those that are configured: what to call each, its host and its port."""
    for name, key, url in (
        ("RAZORPAY", environment.razorpay_key_id, environment.razorpay_base_url),
        ("STRIPE", environment.stripe_secret_key, environment.stripe_base_url),
    ):
        parts = urlsplit(url)
        if key:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            yield f"The gateway (KHATA_GATEWAY_{name}_BASE_URL)", parts.hostname, port
