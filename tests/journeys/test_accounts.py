"""Signing up, signing in and out, and a forgotten password."""

from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer, named
from .mailbox import link_in_mail


def test_signing_up_leads_to_a_dashboard_and_the_first_top_up_asks_for_the_state(page: Page, demo: RunningDemo) -> None:
    console = Console(page, demo.ready, has_scripts=True)
    somebody = named("Dev")
    console.open("/accounts/signup/")
    page.get_by_label("Your name").fill(somebody.name)
    page.get_by_label("Organisation").fill(somebody.organisation)
    page.get_by_label("E-mail").fill(somebody.email)
    page.get_by_label("Password").fill(somebody.password)
    console.press("Sign up")
    console.expect_heading("Dashboard")
    console.expect_credits_for_sms("0")
    console.press_top_up()
    console.press("Add Credits")
    expect(page.get_by_label("State")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("State").select_option("Kerala")
    console.press_add_credits()
    expect(page.locator("#total")).to_have_text("₹1,180.00")
    gateway.expect_methods(page)


def test_a_wrong_password_is_refused_and_logging_out_ends_it(console: Console, asha: Customer) -> None:
    page = console.page
    page.get_by_label("Your account").click()
    console.press("Log out")
    console.open("/billing/")
    console.expect_heading("Log in")
    page.get_by_label("E-mail").fill(asha.email)
    page.get_by_label("Password").fill("not her password")
    console.press("Log in")
    expect(page.get_by_role("alert")).to_be_visible()
    console.fill_log_in(asha)
    console.expect_heading("Billing")


def test_a_forgotten_password_is_replaced_by_a_mailed_link(page: Page, demo: RunningDemo, asha: Customer) -> None:
    console = Console(page, demo.ready, has_scripts=True)
    console.open("/accounts/login/")
    console.follow("Forgot your password?")
    page.get_by_label("E-mail").fill(asha.email)
    console.press("Send the link")
    console.expect_heading("Check your mail")
    page.goto(link_in_mail(demo, asha.email, "/accounts/password/reset/key/"))
    console.expect_heading("Choose a new password")
    for field in page.locator("input[type=password]").all():
        field.fill("another lotus entirely")
    console.press("Save password")
    console.expect_heading("Password saved")
    console.follow("Log in")
    page.get_by_label("E-mail").fill(asha.email)
    page.get_by_label("Password").fill("another lotus entirely")
    console.press("Log in")
    console.expect_heading("Dashboard")
