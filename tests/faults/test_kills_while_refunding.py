"""kill -9 between the hold and the capture of a refund's credits: the money goes back once, and so do the credits."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import psycopg
import razorpay  # type: ignore[import-untyped]

from khata.billing.core.refund_life import RefundState
from khata.kernel.ids import uuid_from_public
from tests.cli.waiting import wait_until

from .payer import Payer, start_top_up
from .running_demo import RunningDemo


def test_a_refund_cut_off_by_a_kill_is_made_up_for(demo: RunningDemo) -> None:
    top_up = start_top_up(demo.ready, rupees=100)
    with Payer(demo.ready) as payer:
        payer.log_in()
        payer.pay(top_up["checkout_url"])
        payer.return_to_console()
    switch_slow(demo, "POST")
    id_ = uuid_from_public("top", top_up["id"])
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(ask, demo, top_up["id"])
        wait_until(lambda: state(demo, id_) is not None, "the credits were held")
        assert demo.balance() == (0, 500)
        demo.kill("web")
        asking.exception()
    switch_slow(demo, "DELETE")
    wait_until(demo.is_ready, "the web server was back")
    with demo.as_owner() as connection:
        connection.execute("update billing_refund set due_at = now() where due_at is not null")
    wait_until(lambda: state(demo, id_) is RefundState.PROCESSED, "the job had gone on with it", deadline_s=150)
    assert demo.balance() == (0, 0)
    sdk = razorpay.Client(
        auth=(demo.ready["gateway_key_id"], demo.ready["gateway_key_secret"]), base_url=demo.ready["gateway_url"]
    )
    assert [refund["amount"] for refund in sdk.refund.all()["items"]] == [11_800]


def ask(demo: RunningDemo, top_up_id: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {demo.ready['api_key']}", "Idempotency-Key": "k1"}
    url = f"{demo.ready['api_url']}/top-ups/{top_up_id}/refunds"
    return httpx.post(url, json={}, headers=headers, timeout=30, trust_env=False)


def switch_slow(demo: RunningDemo, method: str) -> None:
    """So that the gateway's answer takes longer than the kill."""
    url = f"{demo.ready['gateway_url']}/_sandbox/faults"
    auth = (demo.ready["gateway_key_id"], demo.ready["gateway_key_secret"])
    body = {"fault": "api_slow", "value": 3} if method == "POST" else None
    answer = httpx.request(method, url, json=body, auth=auth, trust_env=False)
    assert answer.status_code == 200, answer.text


def state(demo: RunningDemo, top_up_id: UUID) -> RefundState | None:
    """None while there is no refund, or the database is away."""
    try:
        rows = demo.select("select state from billing_refund where top_up_id = %s", top_up_id)
    except psycopg.OperationalError:
        return None
    return RefundState(rows[0][0]) if rows else None
