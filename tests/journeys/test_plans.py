"""Subscribing, paying, the included credits, and a change that says when it counts; a coupon in Add Credits."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .offers import GROWTH, STARTER, offer


@pytest.fixture
def plans(demo: RunningDemo) -> Iterator[None]:
    """Starter and Growth, for as long as the test runs."""
    offer(demo, *(_only_once(demo, command) for command in (STARTER, GROWTH)))
    yield
    offer(demo, *(("plan", "retire", _code(demo, command)) for command in (STARTER, GROWTH)))


def _only_once(demo: RunningDemo, command: tuple[str, ...]) -> tuple[str, ...]:
    """A plan's code is never given out again, so every run adds one of its own."""
    return (*command[:2], _code(demo, command, is_new=True), *command[3:])


def _code(demo: RunningDemo, command: tuple[str, ...], *, is_new: bool = False) -> str:
    ((count,),) = demo.select("select count(*) from billing_plan where code like %s", f"{command[2]}-%")
    return f"{command[2]}-{int(count) + is_new}"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_plan_is_paid_brings_its_credits_and_is_changed_for_the_next_month(
    console: Console, plans: None, has_scripts: bool
) -> None:
    page = console.page
    console.open("/billing/")
    console.follow("Choose a plan")
    console.expect_heading("Plan")
    console.follow("Choose Starter")
    console.expect_heading("Choose Starter")
    console.press("Pay ₹1,180.00")
    if not has_scripts:
        console.press("Continue to payment")
    gateway.pay(page, "UPI QR", has_scripts=has_scripts)
    gateway.return_now(page)
    console.expect_heading("Payment Successful")
    expect(page.get_by_text("Your plan Starter is paid. Its 6,000 credits were added.")).to_be_visible()
    console.expect_credits_for_sms("6,000")

    console.open("/billing/")
    console.follow("Change plan")
    console.follow("Choose Growth")
    expect(page.get_by_text("nothing is charged today")).to_be_visible()
    console.press("Change to Growth")
    expect(page.get_by_role("status").filter(has_text="Growth starts on")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="35,000 credits included").get_by_text("From ")).to_be_visible()
    history = console.credit_history()
    assert history is not None
    expect(page.get_by_text("Included credits · Starter")).to_be_visible()
