"""E-mails through the whole demo, by real protocols: signed, paid, bounced, complained about, unsubscribed from."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from khata.kernel.clock import rfc3339, utc_now
from tests.cli.waiting import wait_until

from . import payer
from .running_demo import RunningDemo

SUBJECT = "Your order नमस्ते"
HTML = "<p>It is <b>on its way</b>.</p>"


@pytest.fixture(scope="module", autouse=True)
def credits(demo: RunningDemo) -> None:
    payer.top_up(demo.ready, rupees=100)


def call(demo: RunningDemo, method: str, path: str, **content: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {demo.ready['api_key']}"}
    url = f"{demo.ready['api_url']}{path}"
    return httpx.request(method, url, headers=headers, trust_env=False, timeout=30, **content)


def send(demo: RunningDemo, to: str, **more: Any) -> httpx.Response:
    body = {"channel": "email", "to": to, "subject": SUBJECT, "body": "It is on its way.\n", "html": HTML, **more}
    return call(demo, "POST", "/messages", json=body)


def mail_to(demo: RunningDemo, address: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def has_come() -> bool:
        query = {"to": address}
        answer = httpx.get(f"{demo.ready['mailbox_url']}/mails.json", params=query, trust_env=False, timeout=30)
        found[:] = answer.json()
        return bool(found)

    wait_until(has_come, f"a mail came to {address}")
    return found[0]


def act(demo: RunningDemo, mail: dict[str, Any], word: str) -> int:
    url = f"{demo.ready['mailbox_url']}/mails/{mail['id']}/act.json"
    return int(httpx.post(url, json={"act": word}, trust_env=False, timeout=60).json()["status"])


def message(demo: RunningDemo, sent: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = call(demo, "GET", f"/messages/{sent.json()['id']}").json()
    return found


def wait_for_status(demo: RunningDemo, sent: httpx.Response, status: str) -> dict[str, Any]:
    wait_until(lambda: message(demo, sent)["status"] == status, f"{sent.json()['id']} was {status}")
    return message(demo, sent)


def test_an_email_arrives_signed_and_costs_a_tenth_of_a_credit(demo: RunningDemo) -> None:
    attachment = {"name": "bill.txt", "content_type": "text/plain", "content": "SGVsbG8="}
    sent = send(demo, "asha@example.org", attachments=[attachment], **{"from": "ACME Shop <orders@acme.example>"})
    assert sent.status_code == 202, sent.text
    assert (sent.json()["credits"], sent.json()["channel"]) == ("0.1", "email")
    mail = mail_to(demo, "asha@example.org")
    assert mail["dkim"] == {"result": "pass", "domain": "acme.example", "detail": ""}
    assert (mail["subject"], mail["text"].strip(), mail["html"].strip()) == (SUBJECT, "It is on its way.", HTML)
    assert mail["attachments"] == [{"name": "bill.txt", "content_type": "text/plain", "octet_count": 5}]
    assert wait_for_status(demo, sent, "submitted")["credits_used"] == "0.1"


def test_a_scheduled_email_is_handed_over_when_its_time_has_come(demo: RunningDemo) -> None:
    scheduled_at = rfc3339(utc_now() + timedelta(seconds=2))
    sent = send(demo, "in-a-while@example.org", scheduled_at=scheduled_at)
    assert sent.json()["status"] == "scheduled", sent.text
    mail_to(demo, "in-a-while@example.org")
    arrived = wait_for_status(demo, sent, "submitted")
    assert arrived["submitted_at"] >= arrived["scheduled_at"] == scheduled_at


def test_a_bounce_suppresses_the_address(demo: RunningDemo) -> None:
    sent = send(demo, "bounce@example.org")
    assert sent.status_code == 202, sent.text
    assert wait_for_status(demo, sent, "undelivered")["error"]["code"] == "5.1.1"
    refused = send(demo, "Bounce@example.org")
    assert (refused.status_code, refused.json()["code"]) == (422, "recipient_suppressed")


def test_a_full_mailbox_suppresses_nothing(demo: RunningDemo) -> None:
    wait_for_status(demo, send(demo, "full@example.org"), "undelivered")
    assert send(demo, "full@example.org").status_code == 202


def test_a_complaint_suppresses_the_address(demo: RunningDemo) -> None:
    send(demo, "bilal@example.org")
    assert act(demo, mail_to(demo, "bilal@example.org"), "complain") == 200
    assert send(demo, "bilal@example.org").json()["code"] == "recipient_suppressed"


def test_one_click_unsubscribes_from_all_but_what_has_no_way_out(demo: RunningDemo) -> None:
    send(demo, "chen@example.org")
    assert act(demo, mail_to(demo, "chen@example.org"), "unsubscribe") == 200
    refused = send(demo, "chen@example.org")
    assert (refused.status_code, refused.json()["code"]) == (422, "recipient_suppressed")
    assert send(demo, "chen@example.org", unsubscribe=False).status_code == 202


def test_a_mail_server_that_says_no_costs_nothing(demo: RunningDemo) -> None:
    refused = wait_for_status(demo, send(demo, "refuse@example.org"), "failed")
    assert (refused["credits_used"], refused["error"]["code"]) == ("0", "5.1.1")


def test_a_mail_server_that_says_later_is_asked_again(demo: RunningDemo) -> None:
    wait_for_status(demo, send(demo, "later@example.org"), "submitted")
    assert mail_to(demo, "later@example.org")["dkim"]["result"] == "pass"


def test_a_domain_that_is_not_verified_sends_nothing(demo: RunningDemo) -> None:
    refused = send(demo, "asha@example.org", **{"from": "asha@other.example"})
    assert (refused.status_code, refused.json()["code"]) == (422, "sender_not_verified")
