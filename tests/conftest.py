"""The world tests live in: an embedded PostgreSQL, migrated as production is, and a few named people.

Tests make real commits; each lives in organisations of its own, so nothing needs to be undone.
"""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.ports import free_port

if TYPE_CHECKING:
    from django.test import Client

    from khata.tenancy.models import Member, Organisation

_CLEANUP = ExitStack()

# How long examples take says nothing on a shared machine.
hypothesis.settings.register_profile("khata", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("khata")


def pytest_configure(config: pytest.Config) -> None:
    """Django must be set up before test modules import models, so the database starts first of all."""
    from khata.cli import embedded_postgres
    from khata.cli.migrate import migrate

    folder = Path(_CLEANUP.enter_context(tempfile.TemporaryDirectory(prefix="khata-tests-")))
    # PostgreSQL runs as another user where the tests run as root: it must be able to pass through.
    folder.chmod(0o711)
    database = _CLEANUP.enter_context(embedded_postgres.start(folder / "data"))
    os.environ.update(_environment(database.app_url, database.owner_url))
    with redirect_stdout(StringIO()):
        migrate()
    # `migrate` speaks to the database as its owner; tests must not.
    _set_up_as_runtime_role(database.app_url)


def pytest_unconfigure(config: pytest.Config) -> None:
    from django.db import connections

    connections.close_all()
    for connection in connections.all():
        connection.close_pool()
    _CLEANUP.close()


def _environment(app_url: str, owner_url: str) -> dict[str, str]:
    gateway_port = free_port()
    return {
        "DJANGO_SETTINGS_MODULE": "khata.site.settings",
        "DATABASE_URL": app_url,
        "KHATA_DATABASE_OWNER_URL": owner_url,
        "KHATA_SECRET_KEY": "tests-" * 8,
        "KHATA_MODE": "sandbox",
        "KHATA_BASE_URL": "http://localhost:8000",
        "KHATA_GATEWAY_RAZORPAY_BASE_URL": f"http://127.0.0.1:{gateway_port}",
        "KHATA_GATEWAY_RAZORPAY_KEY_ID": "rzp_test_khataTests0001",
        "KHATA_GATEWAY_RAZORPAY_KEY_SECRET": "gateway-secret",
        "KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS": "webhook-secret",
        "KHATA_SMPP_PORT": str(free_port()),
        "KHATA_SMPP_SYSTEM_ID": "khata",
        "KHATA_SMPP_PASSWORD": "secret",
        "KHATA_SMTP_PORT": str(free_port()),
        "KHATA_MERCHANT_NAME": "Khata tests",
        "KHATA_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }


def _set_up_as_runtime_role(app_url: str) -> None:
    from django.conf import settings
    from django.db import connections
    from django.test.utils import setup_test_environment

    from khata.site.settings import _database

    connections.close_all()
    connections["default"].close_pool()
    os.environ["DATABASE_URL"] = app_url
    settings.DATABASES["default"].update(_database(app_url))
    connections["default"].settings_dict.update(_database(app_url))
    setup_test_environment()


@dataclass(frozen=True, slots=True)
class World:
    """Asha owns an organisation, Bilal is its member, Chen owns another one and must never see theirs."""

    organisation: "Organisation"
    asha: "Member"
    bilal: "Member"
    chen: "Member"
    chens_organisation: "Organisation"


PASSWORD = "correct horse battery"


@pytest.fixture
def world() -> World:
    from khata.billing.operations import open_organisation
    from khata.tenancy.models import Member, Membership, Role
    from khata.tenancy.operations import BillingDetails, change_billing_details

    def member(name: str) -> Member:
        email = f"{name.lower()}-{uuid.uuid4().hex[:12]}@example.com"
        made = Member(email=email, name=name)
        # A fast hash: what signs in is not what these tests are about.
        made.password = _fast_hash()
        made.save()
        return made

    asha, bilal, chen = member("Asha"), member("Bilal"), member("Chen")
    organisation = open_organisation(name="ACME", owner=asha)
    Membership.objects.create(organisation=organisation, member=bilal, role=Role.MEMBER)
    details = BillingDetails("ACME Private Limited", "12 Residency Road", "29", "29AAGCR4375J1ZU", "+919812345678")
    change_billing_details(organisation_id=organisation.id, details=details)
    organisation.refresh_from_db()
    return World(organisation, asha, bilal, chen, open_organisation(name="Other Ltd", owner=chen))


@pytest.fixture
def organisation(world: World) -> "Organisation":
    return world.organisation


@pytest.fixture
def asha(world: World) -> "Member":
    return world.asha


@pytest.fixture
def give_credits() -> Callable[[int, int], None]:
    """`give_credits(organisation_id, credits)`: a purchase without its payment."""
    from khata.kernel.credits import MICRO_PER_CREDIT
    from khata.kernel.transactions import in_transaction
    from khata.ledger.core import Condition, Purchase
    from khata.ledger.operations import post_batch

    def give(organisation_id: int, credits: int) -> None:
        with in_transaction() as connection:
            purchase = Purchase(organisation_id, uuid.uuid4(), credits * MICRO_PER_CREDIT, credits * 20)
            (outcome,) = post_batch(connection, [purchase])
        assert outcome.condition is Condition.ACCEPTED

    return give


@pytest.fixture
def client(world: World) -> "Client":
    """A browser without scripts, signed in as Asha."""
    return _signed_in(world.asha)


@pytest.fixture
def chens_client(world: World) -> "Client":
    return _signed_in(world.chen)


@pytest.fixture
def anonymous() -> "Client":
    from django.test import Client

    return Client(SERVER_NAME="localhost")


@pytest.fixture(autouse=True)
def _give_connection_back() -> Iterator[None]:
    yield
    from django.db import connection

    connection.close()


def _signed_in(member: "Member") -> "Client":
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(member)
    return client


def _fast_hash() -> str:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    class Fast(Argon2PasswordHasher):
        time_cost, memory_cost, parallelism = 1, 8, 1

    return Fast().encode(PASSWORD, "0123456789abcdef")
