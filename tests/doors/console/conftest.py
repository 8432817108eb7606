"""The console is looked at by its people, with a staged gateway behind it."""

from typing import TYPE_CHECKING

import pytest

from tests.top_ups import gateway, top_up

if TYPE_CHECKING:
    from django.test import Client

    from tests.conftest import World

__all__ = ["bilals_client", "gateway", "top_up"]


@pytest.fixture
def bilals_client(world: "World") -> "Client":
    """Bilal is a member of Asha's organisation and no owner."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(world.bilal)
    return client
