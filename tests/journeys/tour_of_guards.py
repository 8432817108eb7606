"""The part of the tour that allows countries, opts numbers out, and hears what phones answer."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.cli.waiting import wait_until
from tests.faults.running_demo import RunningDemo

from . import phones
from .console import Console
from .tour_of_paying import Stop

ABROAD = "+9779841235678"
ANSWERS = ("Yes please, between ten and twelve, and ring twice: the bell of the house is broken.", "STOP", "START")


def guards(console: Console, demo: RunningDemo, recipient: str) -> Iterator[Stop]:
    yield from _countries(console)
    yield from _opt_outs(console)
    yield from _inbound(console, demo, recipient)


def _countries(console: Console) -> Iterator[Stop]:
    page = console.page
    console.send_sms(ABROAD, "Namaste")
    expect(console.problem).to_be_visible()
    yield "send-to-a-country-not-allowed", page
    console.open("/settings/countries/")
    yield "countries", page
    page.get_by_label("Name or calling code").fill("nep")
    console.press("Find")
    page.get_by_role("checkbox", name="Nepal").check()
    yield "countries-found", page
    console.press("Save countries")
    expect(page.get_by_role("checkbox", name="Nepal")).to_be_checked()
    yield "countries-saved", page
    page.get_by_label("Name or calling code").fill("Atlantis")
    console.press("Find")
    expect(page.get_by_text("Nothing is sold")).to_be_visible()
    yield "countries-filtered-to-nothing", page


def _opt_outs(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/logs/opt-outs/")
    yield "opt-outs-empty", page
    console.open("/logs/opt-outs/add/")
    console.press("Opt them out")
    expect(console.problem).to_be_visible()
    yield "opt-outs-add-refused", page
    page.get_by_label("Numbers").fill(
        "+91 98123 40011\n+91 98123 40012, Asha\nnobody-knows-this-one@example.com\n+91 12"
    )
    page.get_by_label("Reason").fill("Asked us by phone on 3 November, after the second reminder")
    yield "opt-outs-add", page
    console.press("Opt them out")
    expect(page.get_by_role("heading", name="3 entries were not added")).to_be_visible()
    yield "opt-outs-wrong-lines", page
    console.open("/logs/opt-outs/")
    yield "opt-outs", page
    page.get_by_label("Number, or its beginning").fill("+1 202")
    console.press("Find")
    expect(page.get_by_text("No number that begins like this")).to_be_visible()
    yield "opt-outs-filtered-to-nothing", page
    console.follow("Show all")
    page.get_by_role("link", name="Remove +91").first.click()
    console.button("Remove opt-out").wait_for()
    yield "opt-outs-remove", page
    console.send_sms("+919812340011", "Your parcel comes today.")
    expect(console.problem).to_be_visible()
    yield "send-to-somebody-opted-out", page


def _inbound(console: Console, demo: RunningDemo, recipient: str) -> Iterator[Stop]:
    page = console.page
    console.open("/logs/inbound/")
    yield "inbound-empty", page
    console.open("/send/sms/")
    page.get_by_label("To", exact=True).fill(recipient)
    page.get_by_label("Sender").fill(phones.OUR_NUMBER)
    page.get_by_label("Message", exact=True).fill("Shall we come today? Answer STOP to stop.")
    console.press("Send")
    console.expect_status("Delivered")
    for count, text in enumerate(ANSWERS, start=1):
        phones.answer(demo, text, phone=recipient)
        _wait_for_rows(console, count)
    yield "inbound", page


def _wait_for_rows(console: Console, count: int) -> None:
    def are_there() -> bool:
        console.open("/logs/inbound/")
        return console.page.locator("table.inbound tbody tr").count() == count

    wait_until(are_there, "the answer came")
