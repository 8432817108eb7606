"""From the sign-in to the first SMS paid with credits: by each of the five methods, with scripts and without."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import sign_up

RECIPIENT = "+919812345678"


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("method", gateway.METHODS)
def test_credits_are_bought_by_each_method_and_spent_on_an_sms(
    console: Console, demo: RunningDemo, method: str, has_scripts: bool
) -> None:
    page = console.page
    console.open("/settings/")
    console.press_top_up()
    expect(page.get_by_role("radio", name="₹1,000", exact=True)).to_be_checked()
    expect(console.amount).to_have_value("1000")
    expect(page.get_by_text("₹1,180.00")).to_be_visible()
    console.press_add_credits()
    gateway.expect_methods(page)
    expect(page.locator("#total")).to_have_text("₹1,180.00")

    payment_id = gateway.pay(page, method, has_scripts=has_scripts)
    first_page = _return_and_read(page)
    assert "Payment Successful" in first_page
    assert "My Credits, 5,000 credits" in first_page
    console.expect_payment_successful()
    expect(page.get_by_text(payment_id)).to_be_visible()
    console.expect_credits_for_sms("5,000")

    text = f"Paid by {method}: {payment_id}"
    console.send_sms(RECIPIENT, text)
    console.expect_status("Delivered")
    console.expect_my_credits("4,999")
    assert text in _texts_on_phones(demo)
    console.expect_credits_for_sms("4,999")

    history = console.credit_history()
    assert {word: int(figure) for word, figure in history.totals.items()} == {
        "Opening balance": 0,
        "Added": 5000,
        "Used": -1,
        "Returned": 0,
        "Closing balance": 4999,
    }
    assert [int(line.credits) for line in history.lines] == [-1, 5000]


def test_two_clicks_and_no_typing_lead_to_an_open_payment_method(page: Page, demo: RunningDemo) -> None:
    console = Console(page, demo.ready, has_scripts=True)
    console.log_in(sign_up(demo.ready, "Asha", rupees=100))
    console.top_up_link.click()
    console.button("Add Credits").click()
    gateway.expect_methods(page)


def test_the_gateway_leads_back_by_itself(console: Console) -> None:
    console.go_to_gateway()
    gateway.pay(console.page, "Netbanking", has_scripts=True)
    console.page.wait_for_url("**/billing/payments/**")
    console.expect_payment_successful()


def _return_and_read(page: Page) -> str:
    """The first answer of the payment's page, before any script of it looked again."""
    with page.expect_response(lambda answer: "/billing/payments/" in answer.url and answer.status == 200) as arrival:
        gateway.return_now(page)
    return arrival.value.text()


def _texts_on_phones(demo: RunningDemo) -> list[str]:
    answer = httpx.get(f"{demo.ready['phone_url']}/messages.json", timeout=30, trust_env=False)
    return [message["text"] for message in answer.json()]
