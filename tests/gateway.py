"""The sandbox gateway at the address the tests' settings name.

For one module at a time: whoever needs it starts it, so that no two ever want the port at once.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.drivers.payments.sandbox_gateway import SandboxGateway


@pytest.fixture(scope="module")
def sandbox_gateway(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SandboxGateway]":
    from tests.drivers.payments.sandbox_gateway import SandboxGateway

    port = urlsplit(os.environ["KHATA_GATEWAY_RAZORPAY_BASE_URL"]).port
    assert port is not None
    with SandboxGateway(tmp_path_factory.mktemp("gateway"), port) as gateway:
        yield gateway
