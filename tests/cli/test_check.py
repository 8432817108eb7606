"""`khata check` names what is misconfigured, and nothing else."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings

from khata.cli.check import configuration, database, far_ends, ledger
from khata.kernel.clock import utc_now
from khata.ledger.models import LedgerProofRun
from khata.site.carriers_file import CarrierEntry, CarriersFile
from khata.tenancy.models import Organisation
from tests.owner import owner_connection
from tests.ports import free_port

Question = Callable[[Any], Iterator[str]]

FINE: tuple[Question, ...] = (
    database.server_and_role,
    database.owner,
    database.migrations,
    database.session,
    ledger.append_only,
    configuration.prices,
    configuration.jobs,
    configuration.gateway,
    configuration.carrier,
    configuration.supplier,
    configuration.mode,
    configuration.framework,
)


def answers(question: Question, **fields: Any) -> str:
    """What `khata check` would print if Khata were configured so."""
    # The settings still name the owner, who migrated.
    configured = {"database_url": os.environ["DATABASE_URL"], **fields}
    return "\n".join(question(replace(settings.ENVIRONMENT, **configured)))


@contextmanager
def by_the_owner(change: str, back: str) -> Iterator[None]:
    with owner_connection() as owner:
        owner.execute(change.encode())
        owner.commit()
        try:
            yield
        finally:
            owner.execute(back.encode())
            owner.commit()


@pytest.mark.parametrize("question", FINE)
def test_what_is_fine_is_not_mentioned(question: Question) -> None:
    assert answers(question) == ""


LIVE = {"mode": "live", "razorpay_base_url": "https://api.example", "base_url": "https://khata.example"}


@pytest.mark.parametrize(
    ("question", "fields", "sentence"),
    [
        (configuration.gateway, {"razorpay_key_id": ""}, "KHATA_GATEWAY_RAZORPAY_KEY_ID is not set"),
        (configuration.gateway, {"razorpay_key_secret": ""}, "KHATA_GATEWAY_RAZORPAY_KEY_SECRET is not set"),
        (configuration.gateway, {"razorpay_webhook_secrets": ()}, "KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS is not set"),
        (configuration.gateway, {"stripe_secret_key": "sk_test_1"}, "KHATA_GATEWAY_STRIPE_WEBHOOK_SECRETS is not set"),
        (configuration.carrier, {"smpp_system_id": ""}, "KHATA_SMPP_SYSTEM_ID is not set"),
        (configuration.carrier, {"smpp_password": ""}, "KHATA_SMPP_PASSWORD is not set"),
        (configuration.supplier, LIVE, "KHATA_SUPPLIER_NAME is not set"),
        (configuration.supplier, LIVE, "KHATA_SUPPLIER_ADDRESS is not set"),
        (configuration.supplier, LIVE, "KHATA_SUPPLIER_GSTIN is not set"),
        (configuration.mode, {**LIVE, "razorpay_base_url": "https://127.0.0.1:9"}, "is a gateway on this machine"),
        (
            configuration.mode,
            {**LIVE, "stripe_base_url": "https://localhost:9"},
            "STRIPE_BASE_URL is a gateway on this",
        ),
        (configuration.mode, {**LIVE, "phone_url": "http://localhost:1"}, "KHATA_PHONE_URL leads to a simulated"),
        (configuration.mode, {**LIVE, "mailbox_url": "http://localhost:1"}, "KHATA_MAILBOX_URL leads to a simulated"),
    ],
)
def test_what_the_environment_lacks_is_named(question: Question, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in answers(question, **fields)


def test_one_gateway_is_enough() -> None:
    stripe_alone = {"razorpay_key_id": "", "stripe_secret_key": "sk_test_1", "stripe_webhook_secrets": ("whsec_1",)}
    assert answers(configuration.gateway, **stripe_alone) == ""


def test_live_mode_with_real_addresses_is_fine() -> None:
    assert answers(configuration.mode, **LIVE, phone_url="", mailbox_url="") == ""


def test_a_supplier_who_is_described_is_fine() -> None:
    supplier = {"supplier_name": "ACME", "supplier_address": "Here", "supplier_gstin": "29AAGCR4375J1ZU"}
    assert answers(configuration.supplier, **LIVE, **supplier) == ""
    assert answers(configuration.supplier, **LIVE, **{**supplier, "supplier_gstin": "", "tax_scheme": "none"}) == ""


def test_a_role_that_may_alter_transfers_is_named() -> None:
    role = settings.DATABASES["default"]["USER"]
    change, back = f"grant update on ledger_transfer to {role}", f"revoke update on ledger_transfer from {role}"
    with by_the_owner(change, back):
        assert "the role may alter ledger_transfer" in answers(ledger.append_only)


def test_a_trigger_that_is_switched_off_is_named() -> None:
    table = "alter table ledger_transfer"
    with by_the_owner(f"{table} disable trigger user", f"{table} enable trigger user"):
        assert "append-only are missing or switched off" in answers(ledger.append_only)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [("pricing_creditprice", "No price list is in force"), ("pricing_rate", "No rate is in force")],
)
def test_missing_prices_are_named(table: str, sentence: str) -> None:
    earlier = f"update {table} set valid_from = valid_from {{}} interval '1000 years'"
    with by_the_owner(earlier.format("+"), earlier.format("-")):
        assert sentence in answers(configuration.prices)


def test_a_session_setting_that_was_dropped_on_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    connection: Any = connections["default"]
    connection.close()
    connection.close_pool()
    options = {**connection.settings_dict["OPTIONS"], "options": "-c jit=on -c lock_timeout=0"}
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "OPTIONS", options)
        found = answers(database.session)
        connection.close()
        connection.close_pool()
    assert "jit is on" in found
    assert "lock_timeout is 0" in found


def test_background_jobs_that_nobody_finds_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from procrastinate.contrib.django import app

    monkeypatch.setattr(app, "tasks", {})
    assert "no background job is found" in answers(configuration.jobs)


def proof_run(*, is_sound: bool, age: timedelta) -> None:
    problems = [] if is_sound else ["org_1: held is stored as 1, replay says 0"]
    LedgerProofRun.objects.create(
        proved_at=utc_now() - age, took_ms=1, is_sound=is_sound, organisations_count=1, transfers_count=1,
        problems=problems,
    )  # fmt: skip


def test_a_ledger_proved_sound_a_while_ago_is_fine(organisation: Organisation) -> None:
    proof_run(is_sound=True, age=timedelta(minutes=110))
    assert answers(ledger.proofs, proof_interval_minutes=60) == ""


def test_a_ledger_that_was_not_sound_is_named_with_its_problem() -> None:
    proof_run(is_sound=False, age=timedelta(0))
    found = answers(ledger.proofs, proof_interval_minutes=60)
    assert "was not sound" in found
    assert "held is stored as 1" in found


def test_a_proof_older_than_two_intervals_is_named(organisation: Organisation) -> None:
    proof_run(is_sound=True, age=timedelta(minutes=130))
    assert "is a worker running?" in answers(ledger.proofs, proof_interval_minutes=60)
    assert answers(ledger.proofs, proof_interval_minutes=0) == ""


def test_a_far_end_that_cannot_be_reached_is_named_when_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as far_end:
        port = far_end.getsockname()[1]
        there = {
            "razorpay_base_url": f"http://127.0.0.1:{port}",
            "smpp_host": "127.0.0.1",
            "smpp_port": port,
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
        }
        assert answers(far_ends.reachable, **there) == ""
        found = answers(far_ends.reachable, **{**there, "smpp_port": free_port()})
    assert found.startswith("The carrier (KHATA_SMPP_HOST) cannot be reached")
    assert len(found.splitlines()) == 1


def test_carriers_of_a_file_are_looked_for_at_their_drivers_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: tuple[str, int], timeout_s: float) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(far_ends.socket, "create_connection", refuse)
    carriers = (
        CarrierEntry("sms", "smpp", {"host": "sms.example"}),
        CarrierEntry("tls", "smpp", {"host": "tls.example", "port": 3550}),
        CarrierEntry("post", "smtp", {"host": "post.example"}),
        CarrierEntry("web", "twilio", {"account_sid": "AC1"}),
    )
    with override_settings(CARRIERS=CarriersFile(carriers, ())):
        found = answers(far_ends.reachable, carriers_file="carriers.toml", razorpay_key_id="", stripe_secret_key="")
    places = re.findall(r"The carrier (\S+) cannot be reached at (\S+): ", found)
    assert places == [("sms", "sms.example:2775"), ("tls", "tls.example:3550"), ("post", "post.example:587")]


def test_only_the_gateways_that_are_configured_are_looked_for() -> None:
    away = {"razorpay_key_id": "", "razorpay_base_url": f"http://127.0.0.1:{free_port()}"}
    assert "The gateway" not in answers(far_ends.reachable, **away)
    stripe = {"stripe_secret_key": "sk_test_1", "stripe_base_url": f"http://127.0.0.1:{free_port()}"}
    assert "The gateway (KHATA_GATEWAY_STRIPE_BASE_URL) cannot be reached" in answers(
        far_ends.reachable, **away, **stripe
    )
