"""Amounts nobody can pay: the page says why beside the field, and nothing is started."""

import re

import pytest
from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from .console import Console
from .customers import Customer, top_ups_count

WRONG_AMOUNTS = {
    "0": "above zero",
    "−5": "Enter an amount",
    "-5": "Enter an amount",
    "abc": "Enter an amount",
    "10.001": "at most two decimals",
    "99.99": "₹100",
    "5,00,001": "₹5,00,000",
}
"""What is typed → what the page says about it, among other words."""


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_wrong_amount_is_explained_beside_the_field_and_starts_nothing(
    console: Console, demo: RunningDemo, asha: Customer
) -> None:
    for text, words in WRONG_AMOUNTS.items():
        console.open()
        console.press_top_up()
        console.amount.fill(text)
        console.press("Add Credits")
        expect(console.amount).to_have_attribute("aria-invalid", "true")
        expect(console.amount).to_have_accessible_description(re.compile(re.escape(words)))
        expect(console.amount).to_have_value(text)
        expect(console.problem).to_contain_text(words)
    assert top_ups_count(demo, asha) == 0


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_empty_amount_is_not_even_sent(console: Console, demo: RunningDemo, asha: Customer) -> None:
    console.press_top_up()
    console.amount.fill("")
    console.press("Add Credits")
    expect(console.amount).to_be_focused()
    assert console.amount.evaluate("field => field.validity.valueMissing && field.validationMessage !== ''")
    assert top_ups_count(demo, asha) == 0


def test_the_quote_follows_the_amount_while_it_is_typed(console: Console) -> None:
    page = console.page
    console.press_top_up()
    console.amount.fill("2,501")
    expect(page.get_by_text("12,505 credits")).to_be_visible()
    expect(page.get_by_text("₹2,951.18")).to_be_visible()
    page.get_by_role("radio", name="₹5,000", exact=True).check(force=True)
    expect(console.amount).to_have_value("5000")
    expect(page.get_by_text("₹5,900.00")).to_be_visible()
