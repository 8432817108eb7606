"""Where messages may go: a country that an owner allows, and nobody who said STOP."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.cli.waiting import wait_until
from tests.faults.running_demo import RunningDemo

from . import phones
from .console import Console
from .customers import sign_up

IN_NEPAL = "+9779841235678"


@pytest.fixture
def paid(page: Page, demo: RunningDemo, has_scripts: bool) -> Console:
    """Somebody with 500 credits is logged in."""
    console = Console(page, demo.ready, has_scripts=has_scripts)
    console.log_in(sign_up(demo.ready, "Asha", rupees=100))
    return console


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_country_is_allowed_and_then_sent_to(paid: Console) -> None:
    page = paid.page
    paid.send_sms(IN_NEPAL, "Namaste")
    expect(paid.problem).to_contain_text("does not send to Nepal")
    paid.expect_my_credits("500")

    paid.open("/settings/")
    paid.follow("Change countries")
    page.get_by_label("Name or calling code").fill("nep")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("checkbox", name="Nepal").check()
    paid.press("Save countries")
    expect(page.get_by_role("status").filter(has_text="India and Nepal")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Nepal")).to_be_checked()

    paid.send_sms(IN_NEPAL, "Namaste")
    paid.expect_status("Delivered")


def test_a_phone_that_answers_stop_is_sent_nothing_until_it_answers_start(paid: Console, demo: RunningDemo) -> None:
    page = paid.page
    phone = f"+9198{uuid.uuid4().int % 10_000:04}5678"
    send(paid, phone)
    paid.expect_status("Delivered")

    phones.answer(demo, "Stop.", phone=phone)
    wait_for_row(paid, "/logs/inbound/", "Opted out")
    wait_for_row(paid, "/logs/opt-outs/", "Sent STOP")
    send(paid, phone)
    expect(paid.problem).to_contain_text(f"{phone} opted out.")
    paid.expect_my_credits("499")

    phones.answer(demo, "START", phone=phone)
    wait_for_row(paid, "/logs/inbound/", "Opted in again")
    paid.open("/logs/opt-outs/")
    expect(page.get_by_text("Nobody has opted out yet.")).to_be_visible()
    send(paid, phone)
    paid.expect_status("Delivered")


def test_a_number_is_opted_out_found_and_removed_by_hand(paid: Console) -> None:
    page = paid.page
    paid.open("/logs/opt-outs/")
    paid.follow("Add numbers")
    page.get_by_label("Numbers").fill("+91 98123 45678\nAsha\n+91 98123 45679")
    paid.press("Opt them out")
    expect(page.get_by_role("row").filter(has_text="Asha")).to_contain_text("This is not a telephone number.")
    expect(page.get_by_label("Numbers")).to_have_value("Asha")

    paid.open("/logs/opt-outs/")
    page.get_by_label("Number, or its beginning").fill("98123 45679")
    paid.press("Find")
    expect(page.get_by_role("row")).to_have_count(2)
    assert "9812345679" not in page.url
    page.get_by_role("link", name="Remove +91 ••••• •5679").click()
    paid.press("Remove opt-out")
    expect(page.get_by_role("status").filter(has_text="to this number again")).to_be_visible()
    send(paid, "+919812345679")
    paid.expect_status("Delivered")
    send(paid, "+919812345678")
    expect(paid.problem).to_contain_text("+919812345678 opted out.")


def send(console: Console, recipient: str) -> None:
    """From a number, so that the phone can answer."""
    console.open("/send/sms/")
    console.page.get_by_label("To", exact=True).fill(recipient)
    console.page.get_by_label("Sender").fill(phones.OUR_NUMBER)
    console.page.get_by_label("Message", exact=True).fill("Your order is on its way. Answer STOP to stop.")
    console.press("Send")


def wait_for_row(console: Console, path: str, words: str) -> None:
    row = console.page.get_by_role("row").filter(has_text=words)

    def is_there() -> bool:
        console.open(path)
        return row.count() == 1

    wait_until(is_there, f"“{words}” stood in {path}")
