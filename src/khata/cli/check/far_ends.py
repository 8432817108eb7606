"""Whether gateway, carrier and mail server take a connection. Nothing is said to them, so nothing is proved beyond."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 5


def reachable(environment: Any) -> Iterator[str]:
    gateway = urlsplit(environment.razorpay_base_url)
    gateway_port = gateway.port or (443 if gateway.scheme == "https" else 80)
    for what, host, port in (
        ("The gateway (KHATA_GATEWAY_RAZORPAY_BASE_URL)", gateway.hostname, gateway_port),
        ("The carrier (KHATA_SMPP_HOST)", environment.smpp_host, environment.smpp_port),
        ("The mail server (KHATA_SMTP_HOST)", environment.smtp_host, environment.smtp_port),
    ):
        try:
            socket.create_connection((host or "", port), TIMEOUT_S).close()
        except OSError as error:
            yield f"{what} cannot be reached at {host}:{port}: {error.strerror or error}."
