"""The operator's seat: Olga, who belongs to no organisation, before a staged gateway."""

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.listings import gateway, top_up

if TYPE_CHECKING:
    from django.test import Client

    from khata.tenancy.models import Member

__all__ = ["gateway", "top_up"]


@pytest.fixture
def olga() -> "Member":
    from khata.tenancy.models import Member
    from khata.tenancy.operators import make_operator

    member = Member(email=f"olga-{uuid4().hex[:12]}@example.com", name="Olga")
    member.set_unusable_password()
    member.save()
    make_operator(email=member.email)
    return member


@pytest.fixture
def operator(olga: "Member") -> "Client":
    """Olga's browser, without scripts."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(olga)
    return client
