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


def gateway_of(request: Request) -> Gateway:
    gateway = request.app.state.gateway
    assert isinstance(gateway, Gateway)
    return gateway
