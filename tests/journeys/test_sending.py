"""Sending at zero, and sending from a program with a key made in the console."""

import shlex
import uuid

import httpx
from playwright.sync_api import expect

from tests.cli.waiting import wait_until
from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import sign_up

RECIPIENT = "+919812345678"


def test_at_zero_the_page_says_what_is_missing_and_nothing_is_sent(console: Console, demo: RunningDemo) -> None:
    page = console.page
    text = f"No credits yet {uuid.uuid4().hex}"
    console.send_sms(RECIPIENT, text)
    expect(console.problem).to_contain_text("Needs 1, you have 0")
    expect(console.problem).to_contain_text("Nothing was sent and nothing was charged.")
    assert text not in _texts_submitted(demo)

    console.problem.get_by_role("link", name="Top up").click()
    expect(page.get_by_role("dialog", name="Add Credits")).to_be_visible()
    console.press_add_credits()
    gateway.pay(page, "Netbanking", has_scripts=True)
    gateway.return_now(page)
    console.expect_heading("Payment Successful")
    console.follow("Send a message")
    expect(page.get_by_label("Message", exact=True)).to_have_value(text)
    console.press("Send")
    console.expect_status("Delivered")
    assert _texts_submitted(demo).count(text) == 1


def test_an_api_key_is_shown_once_sends_and_can_be_revoked(console: Console, demo: RunningDemo) -> None:
    page = console.page
    console.open("/developers/keys/")
    page.get_by_label("Name", exact=True).fill("shop server")
    console.press("Make API key")
    made = page.get_by_role("region", name="Your new API key")
    snippet = made.get_by_text("curl").inner_text()
    key = made.locator("#key-text").inner_text()
    assert key.startswith("kh_test_")
    assert _run(snippet) == (402, "insufficient_credits")

    console.open("/developers/keys/")
    assert key not in page.content()
    row = page.get_by_role("row").filter(has_text="shop server")
    expect(row).to_contain_text(key[:8])
    row.get_by_role("link", name="Revoke").click()
    console.press("Revoke API key")
    expect(page.get_by_role("row").filter(has_text="shop server")).to_contain_text("Revoked")
    assert _run(snippet) == (401, "invalid_api_key")


def test_what_a_program_sends_is_seen_in_the_logs(console: Console, demo: RunningDemo) -> None:
    paid = sign_up(demo.ready, "Bilal", rupees=100)
    page = console.page
    page.context.clear_cookies()
    console.log_in(paid)
    console.open("/developers/keys/")
    page.get_by_label("Name", exact=True).fill("shop server")
    console.press("Make API key")
    assert _run(page.get_by_role("region", name="Your new API key").get_by_text("curl").inner_text()) == (202, "")
    console.open("/logs/")
    wait_until(lambda: page.get_by_role("table").get_by_text("Delivered").count() == 1, "the message was delivered")
    console.expect_credits_for_sms("499")
    console.open("/developers/keys/")
    expect(page.get_by_role("row").filter(has_text="shop server")).not_to_contain_text("Unused")


def _run(snippet: str) -> tuple[int, str]:
    """What the shown command would do: status and, where it is refused, the problem's code."""
    url, *words = shlex.split(snippet.replace("\\\n", " "))[1:]
    flags = list(zip(words[::2], words[1::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in flags if flag == "-H")
    (body,) = (value for flag, value in flags if flag == "-d")
    answer = httpx.post(url, content=body, headers=headers, timeout=30, trust_env=False)
    return answer.status_code, str(answer.json().get("code", ""))


def _texts_submitted(demo: RunningDemo) -> list[str]:
    return [str(submit["text"]) for submit in demo.submits()]
