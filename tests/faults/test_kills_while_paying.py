"""Many settles at once and kill -9 between payment and credit: every payment is credited, and once."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import psycopg
import pytest
import razorpay  # type: ignore[import-untyped]

from khata.billing.core.top_up_life import TopUpState
from khata.kernel.ids import uuid_from_public
from khata.ledger.core import Kind
from tests.cli.waiting import wait_until

from .payer import Payer, start_top_up
from .running_demo import Part, RunningDemo

RUPEES = 100
SETTLES_COUNT = 50


@pytest.fixture
def gateway_fault(demo: RunningDemo) -> Any:
    """`gateway_fault("webhook_delay", value=1)` switches it on; all are off again after the test."""
    url = f"{demo.ready['gateway_url']}/_sandbox/faults"
    auth = (demo.ready["gateway_key_id"], demo.ready["gateway_key_secret"])

    def switch_on(fault: str, **more: int) -> None:
        answer = httpx.post(url, json={"fault": fault, **more}, auth=auth, trust_env=False)
        assert answer.status_code == 200, answer.text

    yield switch_on
    assert httpx.delete(url, auth=auth, trust_env=False).status_code == 200


def test_webhooks_returns_and_fifty_settles_at_once_credit_once(demo: RunningDemo, gateway_fault: Any) -> None:
    gateway_fault("webhook_duplicate")
    gateway_fault("webhook_delay", value=1)  # Late enough to meet the others in the middle.
    top_up = start_top_up(demo.ready, rupees=RUPEES)
    together = Barrier(SETTLES_COUNT)
    with Payer(demo.ready) as payer, Payer(demo.ready) as owner, ThreadPoolExecutor(SETTLES_COUNT) as threads:
        owner.log_in()
        payer.log_in()
        payer.pay(top_up["checkout_url"])

        def settle(number: int) -> int:
            together.wait()
            return owner.check_again(top_up["id"]) if number % 2 else payer.send_back().status_code

        statuses = Counter(threads.map(settle, range(SETTLES_COUNT)))
    assert statuses == {200: SETTLES_COUNT // 2, 303: SETTLES_COUNT // 2}
    _wait_for_webhooks(demo, top_up["id"])
    _assert_credited_once(demo, top_up["id"])


@pytest.mark.parametrize("victims", [("web",), ("worker",), ("web", "worker"), ("postgres",)], ids="+".join)
def test_a_payment_whose_credit_was_killed_is_credited_once(demo: RunningDemo, victims: tuple[Part, ...]) -> None:
    top_up = start_top_up(demo.ready, rupees=RUPEES)
    with Payer(demo.ready) as payer:
        payer.log_in()
        payer.go_to_bank(top_up["checkout_url"])
        for victim in victims:
            demo.kill(victim)
        payer.press("Success")
        assert payer.heading == "Payment Successful"
        # The payer closes the browser here: webhook and poller must do it alone.
        wait_until(lambda: _state(demo, top_up["id"]) is TopUpState.PAID, "the payment was credited")
        _wait_for_webhooks(demo, top_up["id"])
        wait_until(demo.is_ready, "the web server was back")
        # And opens it again a little later.
        payer.return_to_console()
        assert payer.heading == "Payment Successful"
        assert payer.check_again(top_up["id"]) == 200
    _assert_credited_once(demo, top_up["id"])


def test_a_return_cut_off_by_a_kill_is_made_up_for(demo: RunningDemo, gateway_fault: Any) -> None:
    gateway_fault("webhook_drop")
    top_up = start_top_up(demo.ready, rupees=RUPEES)
    with Payer(demo.ready) as payer, ThreadPoolExecutor(1) as threads:
        payer.log_in()
        payer.pay(top_up["checkout_url"])
        returning = threads.submit(payer.send_back)
        demo.kill("web")
        returning.exception()
        wait_until(demo.is_ready, "the web server was back")
        payer.return_to_console()  # The browser's reload.
        assert payer.heading == "Payment Successful"
    _assert_credited_once(demo, top_up["id"])


def test_background_jobs_come_back_after_postgresql_was_killed(demo: RunningDemo) -> None:
    """In the same process, and for good: it comes back in vain where it ends again before its next heartbeat."""
    process_id = demo.process_id("worker")
    demo.kill("postgres")
    wait_until(demo.is_ready, "the database was back")
    seen: dict[int, Any] = {}

    def is_steady() -> bool:
        now = dict(demo.select("select id, last_heartbeat from procrastinate_workers"))
        is_same_later = any(now[id_] > seen.get(id_, now[id_]) for id_ in now)
        seen.update({id_: at for id_, at in now.items() if id_ not in seen})
        return is_same_later

    wait_until(is_steady, "a job worker lived from one heartbeat to the next")
    assert demo.process_id("worker") == process_id


def test_the_official_sdk_agrees_with_the_gateway(demo: RunningDemo) -> None:
    ready = demo.ready
    sdk = razorpay.Client(auth=(ready["gateway_key_id"], ready["gateway_key_secret"]), base_url=ready["gateway_url"])
    made = sdk.order.create({"amount": 118_00, "currency": "INR", "receipt": uuid.uuid4().hex})
    assert sdk.order.fetch(made["id"])["receipt"] == made["receipt"]
    top_up = start_top_up(ready, rupees=RUPEES)
    with Payer(ready) as payer:
        payer.log_in()
        payer.pay(top_up["checkout_url"])
        _, fields = payer.return_form()
        payer.return_to_console()
    assert sdk.utility.verify_payment_signature(fields)
    assert sdk.order.fetch(fields["razorpay_order_id"])["status"] == "paid"
    with pytest.raises(razorpay.errors.SignatureVerificationError):
        sdk.utility.verify_payment_signature(fields | {"razorpay_order_id": made["id"]})


def _state(demo: RunningDemo, top_up_id: str) -> TopUpState | None:
    """None while the database is away."""
    try:
        ((state,),) = demo.select("select state from billing_topup where id = %s", uuid_from_public("top", top_up_id))
    except psycopg.OperationalError:
        return None
    return TopUpState(state)


def _wait_for_webhooks(demo: RunningDemo, top_up_id: str) -> None:
    """Until the last event of its order came and was settled."""
    query = """select processed_at is not null from billing_webhookevent event
                 join billing_topup top_up using (order_ref) where top_up.id = %s and kind = 'order.paid'"""
    id_ = uuid_from_public("top", top_up_id)
    wait_until(lambda: demo.select(query, id_) == [(True,)], "the last webhook was settled")


def _assert_credited_once(demo: RunningDemo, top_up_id: str) -> None:
    """One purchase for this top-up, and none in the ledger that no paid top-up explains (INV-28, 47)."""
    query = """select transfer.amount, top_up.credits_micro from ledger_transfer transfer
                 join billing_paymentattempt payment on payment.purchase_reference = transfer.reference
                 join billing_topup top_up on top_up.id = payment.top_up_id
                where transfer.kind = %s and top_up.id = %s"""
    ((amount, bought),) = demo.select(query, Kind.PURCHASE, uuid_from_public("top", top_up_id))
    assert amount == bought > 0
    paid = demo.select("select coalesce(sum(credits_micro), 0) from billing_topup where state = %s", TopUpState.PAID)
    assert paid == demo.select("select sum(amount) from ledger_transfer where kind = %s", Kind.PURCHASE)
