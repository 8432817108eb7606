"""Imports stand inside the fixtures: this file is read before Django is set up."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.gateway import sandbox_gateway

if TYPE_CHECKING:
    from tests.conftest import World
    from tests.doors.api.program import Program

__all__ = ["sandbox_gateway"]


@pytest.fixture
def program(world: "World", give_credits: Callable[[int, int], None]) -> "Program":
    """ACME's, with every scope and 100 credits."""
    give_credits(world.organisation.id, 100)
    return _program(world.organisation.id)


@pytest.fixture
def poor_program(world: "World") -> "Program":
    """ACME's, without credits."""
    return _program(world.organisation.id)


@pytest.fixture
def chens_program(world: "World", give_credits: Callable[[int, int], None]) -> "Program":
    """Another organisation's, with 100 credits and without billing details."""
    give_credits(world.chens_organisation.id, 100)
    return _program(world.chens_organisation.id)


@pytest.fixture(autouse=True)
def _leave_nothing_due(world: "World") -> Iterator[None]:
    """Workers claim what is due, whoever's it is, and so do tests of theirs: ten thousand of ours would bury theirs."""
    yield
    from datetime import timedelta

    from khata.kernel.clock import utc_now
    from khata.messaging.models import Message

    ours = (world.organisation.id, world.chens_organisation.id)
    Message.objects.filter(organisation_id__in=ours).update(due_at=utc_now() + timedelta(days=1))


def _program(organisation_id: int) -> "Program":
    from khata.tenancy.operations import create_api_key
    from tests.doors.api.program import Program

    _, key = create_api_key(organisation_id=organisation_id, name="Shop", created_by=None, mode="test")
    return Program(organisation_id, key)
