"""`/metrics` is for Prometheus: complete, in its format, and closed to everybody else."""

from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any

import pytest

from khata.kernel.clock import utc_now
from khata.site.metrics_server import serve_metrics
from khata.webhooks.models import Delivery
from tests.database.webhooks.courier import endpoint_at, record

from .asking import ELSEWHERE, ask, measured, samples
from .conftest import SetEnvironment

TOKEN = "a-token-for-the-metrics"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


def test_the_page_has_a_figure_for_every_stage(organisation: object) -> None:
    named = {name.partition("{")[0] for name in measured()}
    assert named >= {
        "khata_database_up", "khata_holds_open", "khata_messages_due", "khata_messages_due_age_seconds",
        "khata_settlement_lag_seconds", "khata_receipts_parked", "khata_receipts_parked_age_seconds",
        "khata_credits_held", "khata_wallets", "khata_wallets_frozen", "khata_webhook_events_due",
        "khata_deliveries_due", "khata_deliveries_due_age_seconds",
        "khata_reconciliation_findings", "khata_database_pool", "khata_requests_total", "process_resident_memory_bytes",
    }  # fmt: skip


def test_the_page_is_prometheus_text_that_no_cache_keeps() -> None:
    answer = ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    assert "# TYPE khata_batch_seconds histogram" in answer.text


def test_without_the_database_the_page_says_so_and_keeps_the_rest(database_away: None) -> None:
    figures = measured()
    assert figures["khata_database_up"] == 0
    assert "khata_messages_due" not in figures
    assert "khata_requests_total" in {name.partition("{")[0] for name in figures}


def test_commits_are_measured_by_size_and_time(organisation: Any, give_credits: Callable[[int, int], None]) -> None:
    from khata.tenancy.operations import create_api_key

    key = create_api_key(organisation_id=organisation.id, name="Shop", created_by=None, mode="test")[1]
    give_credits(organisation.id, 10)
    before = measured().get('khata_batch_size_sum{writer="acceptance"}', 0)
    headers = {"Authorization": f"Bearer {key}"}
    for _ in range(3):
        message = {"to": "+919812345678", "body": "Hello"}
        assert ask("/v1/messages", method="POST", json=message, headers=headers).status_code == 202
    after = measured()
    assert after['khata_batch_size_sum{writer="acceptance"}'] == before + 3
    assert after['khata_batch_seconds_count{writer="acceptance"}'] > 0
    assert after['khata_batch_waiting{writer="acceptance"}'] == 0


def test_webhooks_that_wait_are_counted_with_the_age_of_the_oldest(organisation: Any) -> None:
    endpoint_at("https://shop.example/hooks", organisation.id)
    before = measured()
    record(organisation.id, count=2)
    Delivery.objects.filter(organisation_id=organisation.id).update(due_at=utc_now() - timedelta(days=2_000))
    after = measured()
    assert after["khata_deliveries_due"] >= before["khata_deliveries_due"] + 2
    assert after["khata_deliveries_due_age_seconds"] > timedelta(days=1_999).total_seconds()
    Delivery.objects.filter(organisation_id=organisation.id).delete()


def test_another_machine_is_refused() -> None:
    answer = ask("/metrics", peer=ELSEWHERE)
    assert answer.status_code == 403
    assert "khata_" not in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto"])
def test_what_a_proxy_forwards_is_refused_though_it_comes_from_this_machine(header: str) -> None:
    assert ask("/metrics", headers={header: "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize("fields", [{"base_url": "https://khata.example"}, {"trusted_proxies_count": 1}])
def test_behind_a_proxy_the_address_opens_nothing(fields: dict[str, Any], set_environment: SetEnvironment) -> None:
    set_environment(**fields)
    assert ask("/metrics").status_code == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", ELSEWHERE, "", "/run/khata.sock"])
def test_with_a_token_set_only_the_token_opens(peer: str, set_environment: SetEnvironment) -> None:
    set_environment(metrics_token=TOKEN, base_url="https://khata.example", trusted_proxies_count=1)
    assert ask("/metrics", peer=peer, headers=WITH_TOKEN).status_code == 200
    for wrong in ({}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Bearer "}):
        assert ask("/metrics", peer=peer, headers=wrong).status_code == 403


@pytest.mark.parametrize("peer", ["", "not an address", "/run/khata.sock"])
def test_a_peer_without_an_address_is_not_this_machine(peer: str) -> None:
    assert ask("/metrics", peer=peer).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_metrics_are_only_read(method: str) -> None:
    answer = ask("/metrics", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_worker_serves_the_same_page_to_the_same_readers(set_environment: SetEnvironment) -> None:
    server = serve_metrics("127.0.0.1", 0)
    try:
        port = server.server_address[1]
        status, body = get(port, "/metrics")
        assert status == 200
        assert samples(body)["khata_database_up"] == 1
        assert get(port, "/")[0] == 404
        assert get(port, "/metrics", {"X-Forwarded-For": "192.0.2.7"})[0] == 403
        # A worker stands behind no proxy, whatever the console's address is.
        set_environment(base_url="https://khata.example")
        assert get(port, "/metrics")[0] == 200
        set_environment(metrics_token=TOKEN)
        assert get(port, "/metrics")[0] == 403
        assert get(port, "/metrics", WITH_TOKEN)[0] == 200
    finally:
        server.shutdown()
        server.server_close()


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
