"""The part of the tour that is told of by webhooks: an endpoint of this machine, what it got, and what it refused."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.webhook_receiver import Receiver, status

from .console import Console
from .tour_of_paying import Stop

LOOK_S = 60.0


def webhooks(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/developers/webhooks/")
    yield "webhooks-empty", page
    page.get_by_label("Address").fill("shop.example.com")
    console.press("Add endpoint")
    expect(console.problem).to_be_visible()
    yield "webhooks-refused", page
    with Receiver() as receiver:
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("Name").fill("Shop server at subsidiary.example.com")
        console.press("Add endpoint")
        expect(page.get_by_role("heading", name="Its signing secret")).to_be_visible()
        yield "webhook-secret", page
        console.open("/developers/webhooks/")
        yield "webhooks", page
        console.follow(receiver.url)
        yield "webhook-unused", page
        yield from _deliveries(console, receiver)


def _deliveries(console: Console, receiver: Receiver) -> Iterator[Stop]:
    page = console.page
    console.press("Send test event")
    expect(page.get_by_role("row").filter(has_text="204 in")).to_be_visible(timeout=LOOK_S * 1_000)
    receiver.behaviour = status(500, b"<h1>Something went wrong, and this is the beginning of a long page</h1>")
    console.press("Send test event")
    expect(page.get_by_text("Retrying")).to_be_visible(timeout=LOOK_S * 1_000)
    page.reload()
    yield "webhook-failing", page
    console.follow("webhook.test")
    yield "webhook-delivery", page
    page.go_back()
    console.follow("New secret")
    yield "webhook-new-secret", page
    page.go_back()
    console.press("Disable")
    yield "webhook-disabled", page
    console.follow("Delete")
    yield "webhook-delete", page
    console.press("Delete endpoint")
    expect(page.get_by_text("The endpoint is deleted.")).to_be_visible()
