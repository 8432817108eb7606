"""A top-up at a staged gateway that also lists, under a code of its own: no other test's payments are looked at.

Imports stand inside the fixtures: this file is read before Django is set up.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from khata.billing.queries import TopUpRow
    from khata.tenancy.models import Organisation
    from tests.database.billing.listing_gateway import ListingGateway


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> "Iterator[ListingGateway]":
    """The only gateway there is, for one test."""
    from khata.payments import registry
    from tests.database.billing.listing_gateway import ListingGateway

    staged = ListingGateway()
    staged.code = f"t{uuid4().hex[:12]}"
    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(staged)
    yield staged
    staged.close()


@pytest.fixture
def top_up(gateway: "ListingGateway", organisation: "Organisation") -> "TopUpRow":
    """₹1,000 for 5,000 credits, ordered and not yet paid."""
    from khata.billing.operations import start_top_up

    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)
