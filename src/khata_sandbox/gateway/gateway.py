"""What every part of the gateway works on: its settings, its store, its clock."""

from dataclasses import dataclass

from starlette.requests import Request

from khata_sandbox.gateway.clock import Clock
from khata_sandbox.gateway.settings import GatewaySettings
from khata_sandbox.gateway.store import Store


@dataclass(frozen=True, slots=True)
class Gateway:
    settings: GatewaySettings
    store: Store
    clock: Clock


def site_url(request: Request) -> str:
    """Where a browser finds this gateway: in the local network when the gateway knows its address there."""
    settings = gateway_of(request).settings
    if settings.lan_host:
        return f"http://{settings.lan_host}:{settings.port}"
    return str(request.base_url).rstrip("/")


def gateway_of(request: Request) -> Gateway:
    gateway = request.app.state.gateway
    assert isinstance(gateway, Gateway)
    return gateway
