"""The gateway's control page for programs: what its banks do with money that was paid."""

from typing import Any

import httpx

from tests.faults.running_demo import RunningDemo

TIMEOUT_S = 30.0
_SLOW_S = 30 * 86_400


def act(demo: RunningDemo, kind: str, subject_id: str, action: str) -> None:
    """As the button of the control page beside that payment, refund or dispute."""
    _call(demo, "POST", f"/{kind}/{subject_id}/{action}")


def act_on_newest(demo: RunningDemo, kind: str, payment_ref: str, action: str) -> None:
    """On the newest refund or dispute of a payment."""
    items = _call(demo, "GET", f"/{kind}")["items"]
    act(demo, kind, next(item["id"] for item in items if item["payment_id"] == payment_ref), action)


def newest_payment(demo: RunningDemo, status: str) -> str:
    """The gateway's reference of it."""
    return str(next(item["id"] for item in _call(demo, "GET", "/payments")["items"] if item["status"] == status))


def let_refunds_wait(demo: RunningDemo, payment_ref: str) -> None:
    """Until somebody says how they end."""
    _call(demo, "POST", "/faults", {"fault": "refund_slow", "target": payment_ref, "value": _SLOW_S})


def _call(demo: RunningDemo, verb: str, path: str, body: object = None) -> Any:
    ready = demo.ready
    answer = httpx.request(
        verb,
        f"{ready['gateway_url']}/_sandbox{path}",
        json=body,
        auth=(ready["gateway_key_id"], ready["gateway_key_secret"]),
        timeout=TIMEOUT_S,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()
