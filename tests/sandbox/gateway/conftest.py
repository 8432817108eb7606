from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client
from starlette.applications import Starlette

from khata_sandbox.gateway.app import create_app
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.settings import GatewaySettings

from .control_client import Control
from .in_process import InProcess
from .merchant import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    return GatewaySettings(
        key_id=KEY_ID,
        key_secret=KEY_SECRET,
        webhook_url="http://merchant.test/webhook",
        webhook_secret=WEBHOOK_SECRET,
        data_dir=tmp_path,
        merchant_name="Tea & Sons",
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def app(settings: GatewaySettings, clock: SetClock) -> Iterator[Starlette]:
    """The gateway in this process, without its background work: tests let time pass and events go themselves."""
    app = create_app(settings, clock)
    yield app
    app.state.gateway.store.close()


@pytest.fixture
def gateway(app: Starlette) -> Gateway:
    gateway = app.state.gateway
    assert isinstance(gateway, Gateway)
    return gateway


@pytest.fixture
def client(app: Starlette) -> Client:
    return Client(transport=InProcess(app), base_url="http://127.0.0.1:8001")


@pytest.fixture
def merchant(client: Client) -> Merchant:
    return Merchant(client)


@pytest.fixture
def payer(client: Client) -> Payer:
    return Payer(client)


@pytest.fixture
def control(merchant: Merchant) -> Control:
    return Control(merchant)
