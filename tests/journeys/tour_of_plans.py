"""The part of the tour that has plans to choose from: their pages in every state, a bonus and a coupon."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .offers import BONUS, COUPON, GROWTH, STARTER, offer
from .tour_of_paying import Stop


def plans(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    """Nothing is offered before, and nothing after it."""
    page = console.page
    console.open("/billing/plan/")
    yield "plan-none", page
    offer(demo, STARTER, GROWTH, BONUS, COUPON)
    console.open("/billing/plan/")
    yield "plan-choose", page
    console.follow("Choose Starter")
    yield "plan-confirm", page
    console.press("Pay ₹1,180.00")
    gateway.pay(page, "UPI QR", has_scripts=True)
    gateway.return_now(page)
    console.expect_heading("Payment Successful")
    yield "plan-paid", page
    console.open("/billing/")
    yield "billing-with-plan", page
    console.open("/billing/plan/choose/growth/")
    yield "plan-change", page
    console.press("Change to Growth")
    yield "plan-changed", page
    console.open("/billing/plan/cancel/")
    yield "plan-cancel", page
    console.press("Cancel plan")
    expect(page.get_by_text("Cancelled. Starter runs until")).to_be_visible()
    yield "plan-cancelled", page
    console.open("/billing/add-credits/?amount=5000")
    page.get_by_text("I have a coupon").click()
    page.get_by_label("Coupon").fill("welcome10")
    expect(page.get_by_text("bonus", exact=False).first).to_be_visible()
    yield "add-credits-with-coupon", page
    page.get_by_label("Coupon").fill("nonsense")
    console.press("Add Credits")
    expect(console.problem).to_be_visible()
    yield "add-credits-coupon-refused", page
    over = (("plan", "retire", "starter"), ("plan", "retire", "growth"), ("bonus", "end", "--from", "5000"))
    offer(demo, *over, ("coupon", "retire", "WELCOME10"))
