"""A top-up at a staged gateway, for whoever asks what becomes of it.

Imports stand inside the fixtures: this file is read before Django is set up.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from khata.billing.queries import TopUpRow
    from khata.tenancy.models import Organisation
    from tests.database.billing.staged_gateway import StagedGateway


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> "Iterator[StagedGateway]":
    """The only gateway there is, for one test."""
    from khata.payments import registry
    from tests.database.billing.staged_gateway import StagedGateway

    staged = StagedGateway()
    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(staged)
    yield staged
    staged.close()


@pytest.fixture
def top_up(gateway: "StagedGateway", organisation: "Organisation") -> "TopUpRow":
    """₹1,000 for 5,000 credits, ordered and not yet paid."""
    from khata.billing.operations import start_top_up
    from khata.kernel.ids import new_uuid

    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=str(new_uuid()))
