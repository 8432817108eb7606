"""Endpoints of one test are gone with it, so that no other test's courier goes there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.top_ups import gateway, top_up

if TYPE_CHECKING:
    from tests.conftest import World
    from tests.webhook_receiver import Receiver

__all__ = ["gateway", "top_up"]


@pytest.fixture
def receiver() -> Iterator["Receiver"]:
    from tests.webhook_receiver import Receiver

    with Receiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _leave_no_endpoint(world: "World") -> Iterator[None]:
    yield
    from khata.webhooks import queries
    from khata.webhooks.operations import delete_endpoint

    for organisation_id in (world.organisation.id, world.chens_organisation.id):
        for row in queries.endpoints(organisation_id=organisation_id):
            delete_endpoint(organisation_id=organisation_id, endpoint_id=row.id)
