"""Imports stand inside the fixtures: this file is read before Django is set up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from khata.billing.queries import TopUpRow
    from khata.tenancy.models import Organisation
    from tests.doors.callbacks.far_end import PaymentWorld


@pytest.fixture(scope="module")
def far_end(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[PaymentWorld]":
    """The sandbox gateway's own process, a receiver for its webhooks, and the production driver that speaks to it."""
    from tests.doors.callbacks.far_end import payment_world

    with payment_world(tmp_path_factory.mktemp("gateway")) as world:
        yield world


@pytest.fixture
def payments(far_end: "PaymentWorld", monkeypatch: pytest.MonkeyPatch) -> "PaymentWorld":
    """As `far_end`, and the only gateway there is for one test."""
    from khata.payments import registry

    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(far_end.gateway)
    return far_end


@pytest.fixture
def top_up(payments: "PaymentWorld", organisation: "Organisation") -> "TopUpRow":
    from khata.billing.operations import start_top_up
    from khata.kernel.ids import new_uuid

    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=str(new_uuid()))


@pytest.fixture
def stranger() -> "Client":
    """A browser from another site: no cookies of ours, and every CSRF check switched on."""
    from django.test import Client

    return Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
