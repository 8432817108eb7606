"""Money in, slowly or at the second try: what the pages say meanwhile, and the papers that come with the credits."""

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .control import answer_for_bank
from .customers import Customer, sign_up, top_ups_count
from .mailbox import mail_with_subject
from .operators import change_seat
from .payment_page import download, open_last_payment

MAIN_ACTION = ".payment .button.primary"
PAID_MAIL = "Payment Successful: 5,000 credits added (₹1,180.00)"


def test_a_bank_that_takes_its_time_brings_credits_invoice_and_mail(
    console: Console, demo: RunningDemo, asha: Customer
) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.start(page, "Netbanking")
    console.press("Stay pending")
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible()
    console.follow("Cancel payment")
    console.press("Yes, cancel")
    console.expect_heading("Pending")
    expect(page.get_by_text("You don't need to pay again or keep this page open.")).to_be_visible()
    expect(page.locator(MAIN_ACTION)).to_have_text("Check again")
    expect(page.get_by_role("link", name="(PDF)")).to_have_count(0)
    console.open()
    expect(page.get_by_role("banner").get_by_text("₹1,180.00 pending")).to_be_visible()
    console.expect_credits_for_sms("0")

    answer_for_bank(demo, "created")
    mail = mail_with_subject(demo, asha.email, PAID_MAIL)
    console.expect_credits_for_sms("5,000")
    expect(page.get_by_role("banner").get_by_text("pending")).to_have_count(0)
    open_last_payment(console)
    console.expect_payment_successful()
    invoice = page.get_by_role("link", name="(PDF)")
    number = invoice.inner_text().removesuffix(" (PDF)")
    assert download(page, invoice).startswith(b"%PDF-")
    assert f"Invoice: {number} (attached)" in mail["text"]
    assert [attached["content_type"] for attached in mail["attachments"]] == ["application/pdf"]
    assert [line.credits for line in console.credit_history().lines] == [5000]


def test_a_failed_payment_tells_its_cause_and_trying_again_with_another_method_pays_once(
    console: Console, demo: RunningDemo, asha: Customer
) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.fill_test_card(page, "insufficient_funds")
    gateway.start(page, "Cards")
    page.get_by_label("One-time password").fill("123456")
    console.press("Submit OTP")
    console.expect_heading("Payment failed")
    console.follow("Cancel")
    console.press("Yes, cancel")
    console.expect_heading("Failed")
    expect(page.get_by_text("The card's account does not hold enough money.It failed at the bank.")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("You were not charged.")).to_be_visible()
    expect(page.locator(MAIN_ACTION)).to_have_text("Try again")
    failed_page = page.url

    console.press("Try again")
    gateway.pay(page, "UPI QR", has_scripts=True)
    gateway.return_now(page)
    console.expect_payment_successful()
    console.expect_my_credits("5,000")
    page.goto(failed_page)
    console.expect_heading("Failed")
    assert [line.credits for line in console.credit_history().lines] == [5000]
    assert top_ups_count(demo, asha) == 2


def test_an_invoice_downloads_for_its_organisation_and_for_no_other(console: Console, demo: RunningDemo) -> None:
    page = console.page
    change_seat(console, sign_up(demo.ready, "Asha", rupees=1_000))
    console.open("/billing/")
    console.follow("Invoices")
    row = page.get_by_role("row").filter(has_text="1,180.00")
    expect(row.get_by_role("cell").nth(2)).to_have_text("Tax Invoice")
    link = row.get_by_role("link", name="as PDF")
    address = str(link.get_attribute("href"))
    assert download(page, link).startswith(b"%PDF-")

    change_seat(console, sign_up(demo.ready, "Chen", rupees=500))
    console.open(address)
    console.expect_heading("There is no such page")
    console.open("/billing/invoices/")
    expect(page.get_by_role("row").filter(has_text="590.00")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="1,180.00")).to_have_count(0)
