"""Money that goes back: refunds and disputes, as the customer, the operator and the credits see them."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from .console import Console
from .customers import Customer, sign_up
from .far_money import act, act_on_newest, let_refunds_wait
from .mailbox import mail_with_subject
from .operators import change_seat, open_top_up
from .payment_page import download, facts, open_last_payment, payment_ref, reload_until, reload_until_headed

RECIPIENT = "+919812345678"
ARRIVES = "It usually arrives within 5–7 working days."


@pytest.fixture
def asha(demo: RunningDemo) -> Customer:
    """She has paid ₹1,180.00 for 5,000 credits."""
    return sign_up(demo.ready, "Asha", rupees=1_000)


def test_an_operator_refunds_a_part_and_its_credits_go_with_it(
    console: Console, demo: RunningDemo, asha: Customer, olga: Customer
) -> None:
    page = console.page
    open_last_payment(console)
    payment, payment_page = payment_ref(page), page.url
    let_refunds_wait(demo, payment)
    change_seat(console, olga)
    _refund(console, asha, "94.40")

    change_seat(console, asha)
    console.expect_my_credits("4,600")
    page.goto(payment_page)
    expect(page.get_by_role("status")).to_contain_text("₹94.40 is on its way back to the payer")
    refund = facts(page, "Refund")
    for words in ("₹94.40", "400 reserved", f"On its way. {ARRIVES}", "Sent to the wrong shop"):
        expect(refund).to_contain_text(words)
    assert _lines(console) == [("Refund · ₹94.40", -400), ("Top-up · ₹1,180.00 paid", 5000)]

    act_on_newest(demo, "refunds", payment, "process")
    page.goto(payment_page)
    reload_until_headed(console, "Partly refunded")
    expect(page.get_by_role("status")).to_contain_text("₹94.40 went back to the payer, with 400 credits.")
    expect(refund).to_contain_text(f"Sent to the payer's bank. {ARRIVES}")
    note = page.get_by_role("term").filter(has_text="Credit note").locator("xpath=..").get_by_role("link")
    number = note.inner_text().removesuffix(" (PDF)")
    assert download(page, note).startswith(b"%PDF-")
    mail = mail_with_subject(demo, asha.email, f"₹94.40 went back to you: credit note {number}")
    assert "Credits taken back: 400" in mail["text"]
    assert [attached["content_type"] for attached in mail["attachments"]] == ["application/pdf"]
    console.expect_my_credits("4,600")
    assert _lines(console) == [("Refund · ₹94.40", -400), ("Top-up · ₹1,180.00 paid", 5000)]


def test_a_refund_the_bank_refuses_gives_the_credits_back(console: Console, demo: RunningDemo) -> None:
    page = console.page
    open_last_payment(console)
    payment, payment_page = payment_ref(page), page.url
    let_refunds_wait(demo, payment)
    key = _make_key_for_billing(console)
    answer = httpx.post(
        f"{demo.ready['api_url']}/top-ups/{payment_page.rstrip('/').rsplit('/', 1)[1]}/refunds",
        json={"reason": "Asked for by program"},
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "all of it"},
        timeout=30,
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    page.goto(payment_page)
    console.expect_my_credits("0")
    expect(facts(page, "Refund")).to_contain_text("5,000 reserved")

    act_on_newest(demo, "refunds", payment, "fail")
    reload_until(page, page.get_by_text("Could not be sent. Its credits came back."))
    console.expect_heading("Payment Successful")
    console.expect_my_credits("5,000")
    assert _lines(console) == [
        ("Refund · ₹1,180.00 · returned", 5000),
        ("Refund · ₹1,180.00", -5000),
        ("Top-up · ₹1,180.00 paid", 5000),
    ]


def test_a_lost_dispute_takes_the_credits_and_stops_sending_where_they_were_used(
    console: Console, demo: RunningDemo, asha: Customer, olga: Customer
) -> None:
    page = console.page
    console.send_sms(RECIPIENT, "Sent before the bank asked")
    console.expect_status("Delivered")
    payment = _dispute(console, demo)
    console.expect_my_credits("0")
    expect(page.get_by_role("status")).to_contain_text("Its unspent credits are reserved until that is decided.")
    assert _lines(console)[0] == ("Disputed payment · ₹1,180.00 · reserved", -4999)

    act_on_newest(demo, "disputes", payment, "lose")
    open_last_payment(console)
    reload_until_headed(console, "Reversed")
    for path in (page.url.removeprefix(console.url), "/"):
        console.open(path)
        expect(console.problem).to_contain_text("Sending is stopped: 1 credit owed")
    console.expect_credits_for_sms("−1")
    assert [line.credits for line in console.credit_history().lines] == [-1, -4999, 4999, -4999, -1, 5000]

    change_seat(console, olga)
    open_top_up(console, asha)
    expect(page.get_by_text("Reversed").first).to_be_visible()
    expect(page.get_by_role("table", name="Disputes")).to_contain_text("Lost")
    console.follow(asha.organisation)
    expect(page.get_by_role("main").get_by_text("Sending stopped")).to_be_visible()


def test_a_won_dispute_releases_the_credits(console: Console, demo: RunningDemo) -> None:
    payment = _dispute(console, demo)
    console.expect_my_credits("0")
    act_on_newest(demo, "disputes", payment, "win")
    reload_until_headed(console, "Payment Successful")
    expect(facts(console.page, "Dispute")).to_contain_text("Decided for you. The reserved credits came back.")
    console.expect_my_credits("5,000")
    assert _lines(console)[0] == ("Disputed payment · ₹1,180.00 · returned", 5000)


def _refund(console: Console, customer: Customer, amount: str) -> None:
    """By the operator, to the first answer of the gateway."""
    page = console.page
    open_top_up(console, customer)
    console.follow("Refund")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Reason").fill("Sent to the wrong shop")
    console.press("Refund")
    expect(page.get_by_text("The refund is started.")).to_be_visible()
    expect(page.get_by_role("table", name="Refunds")).to_contain_text("On its way")


def _dispute(console: Console, demo: RunningDemo) -> str:
    """The payer's bank asks for the last payment back; the payment's id."""
    open_last_payment(console)
    payment = payment_ref(console.page)
    act(demo, "payments", payment, "dispute")
    reload_until_headed(console, "Disputed")
    return payment


def _make_key_for_billing(console: Console) -> str:
    page: Page = console.page
    console.open("/developers/keys/")
    page.get_by_label("Name", exact=True).fill("refunds")
    expect(page.get_by_label("Start top-ups and refunds")).to_be_checked()
    console.press("Make API key")
    return page.locator("#key-text").inner_text()


def _lines(console: Console) -> list[tuple[str, int]]:
    """Credit History, newest first."""
    page_before = console.page.url
    lines = [(line.description, int(line.credits)) for line in console.credit_history().lines]
    console.page.goto(page_before)
    return lines
