"""The part of the tour where money goes back: payments in those states, and the operator's pages about them."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from .console import Console
from .customers import Customer, sign_up
from .far_money import act, act_on_newest, let_refunds_wait
from .operators import change_seat, khata_operator, open_top_up
from .payment_page import open_last_payment, payment_ref, reload_until, reload_until_headed
from .tour_of_paying import Stop

OPERATOR_PAGES = ("organisations", "top-ups", "reconciliation", "proof", "webhooks", "carriers", "audit")


def money_back(console: Console, demo: RunningDemo, recipient: str) -> Iterator[Stop]:
    """Two customers of its own: one who looks after Khata as well and refunds, one whose bank asks the money back."""
    uma, chen = sign_up(demo.ready, "Uma", rupees=1_000), sign_up(demo.ready, "Chen", rupees=1_000)
    khata_operator(demo, "add", uma)
    change_seat(console, uma)
    yield from _refunds(console, demo, uma)
    change_seat(console, chen)
    yield from _dispute(console, demo, recipient)
    change_seat(console, uma)
    yield from _operator(console, chen)
    khata_operator(demo, "remove", uma)


def _refunds(console: Console, demo: RunningDemo, customer: Customer) -> Iterator[Stop]:
    page = console.page
    open_last_payment(console)
    payment, payment_page = payment_ref(page), page.url
    let_refunds_wait(demo, payment)
    open_top_up(console, customer)
    console.follow("Refund")
    page.get_by_label("Amount").fill("99,999.00")
    page.get_by_label("Reason").fill("Too much")
    console.press("Refund")
    expect(console.problem.first).to_be_visible()
    yield "operator-refund-refused", page
    _refund(console, "236.00")
    page.goto(payment_page)
    yield "payment-refund-pending", page
    console.open("/billing/credit-history/")
    yield "credit-history-refund-pending", page
    act_on_newest(demo, "refunds", payment, "fail")
    page.goto(payment_page)
    reload_until(page, page.get_by_text("Could not be sent."))
    yield "payment-refund-failed", page

    open_top_up(console, customer)
    console.follow("Refund")
    _refund(console, "472.00")
    act_on_newest(demo, "refunds", payment, "process")
    page.goto(payment_page)
    reload_until_headed(console, "Partly refunded")
    yield "payment-partly-refunded", page
    open_top_up(console, customer)
    console.follow("Refund")
    _refund(console, "")
    yield "operator-top-up-refunds", page
    act_on_newest(demo, "refunds", payment, "process")
    page.goto(payment_page)
    reload_until_headed(console, "Refunded")
    yield "payment-refunded", page
    console.open("/billing/credit-history/")
    yield "credit-history-refunds", page
    console.open("/billing/invoices/")
    yield "invoices-credit-notes", page


def _refund(console: Console, amount: str) -> None:
    """From the operator's question on."""
    page = console.page
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Reason").fill("Bought for the wrong organisation, as told by phone")
    console.press("Refund")
    expect(page.get_by_text("The refund is started.")).to_be_visible()


def _dispute(console: Console, demo: RunningDemo, recipient: str) -> Iterator[Stop]:
    page = console.page
    console.send_sms(recipient, "Sent before the bank asked")
    console.expect_status("Delivered")
    open_last_payment(console)
    payment = payment_ref(page)
    act(demo, "payments", payment, "dispute")
    reload_until_headed(console, "Disputed")
    yield "payment-disputed", page
    console.open()
    yield "dashboard-disputed", page
    act_on_newest(demo, "disputes", payment, "lose")
    open_last_payment(console)
    reload_until_headed(console, "Reversed")
    yield "payment-reversed", page
    console.open("/billing/credit-history/")
    yield "credit-history-reversed", page
    console.open()
    yield "dashboard-stopped", page


def _operator(console: Console, customer: Customer) -> Iterator[Stop]:
    page = console.page
    console.open("/operator/")
    yield "operator", page
    for name in OPERATOR_PAGES:
        console.open(f"/operator/{name}/")
        yield f"operator-{name}", page
    open_top_up(console, customer)
    yield "operator-top-up-reversed", page
    console.follow(customer.organisation)
    yield "operator-organisation-stopped", page
