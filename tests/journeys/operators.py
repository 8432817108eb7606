"""Operators at the same browser: made by the command, as whoever runs Khata does."""

import os
import subprocess

from playwright.sync_api import expect

from tests.cli.test_demo import KHATA
from tests.faults.running_demo import RunningDemo

from .console import Console
from .customers import Customer


def khata_operator(demo: RunningDemo, verb: str, customer: Customer) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KHATA_", "DATABASE_"))}
    environment = inherited | {"DATABASE_URL": demo.ready["database_url"], "KHATA_SECRET_KEY": "journeys-" * 8}
    subprocess.run([KHATA, "operator", verb, customer.email], env=environment, check=True, capture_output=True)


def change_seat(console: Console, customer: Customer) -> None:
    """Somebody else sits down at the same browser."""
    console.page.context.clear_cookies()
    console.log_in(customer)


def open_top_up(console: Console, customer: Customer) -> None:
    """The operator's page of the customer's newest top-up."""
    page = console.page
    console.open(f"/operator/top-ups/?search={customer.organisation.replace(' ', '+')}")
    # On a narrow phone the table is no table to Chromium: its rows are drawn as cards.
    page.get_by_role("link").filter(has_text="top_").first.click()
    expect(page.get_by_role("heading", level=1, name="Top-up of")).to_be_visible()
