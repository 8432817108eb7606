"""Pictures of every page in every state, wide and narrow, light and dark, to be looked at:

    python -m tests.journeys.pictures FOLDER

starts a demo of its own and writes FOLDER/<page>-<width>-<scheme>.png; FOLDER/docs gets what stands in docs/pictures.
"""

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.faults.running_demo import RunningDemo, running_demo

from . import gateway
from .chromium import chromium
from .console import Console
from .customers import Customer, sign_up
from .tour import DELIVERED, REJECTED, WITHOUT_RECEIPT, Party, tour

WIDTHS = (1280, 320)
HEIGHT = 800
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_demo() as demo, chromium() as browser:
        _take_for_docs(browser, demo, folder / "docs")
        console = Console(browser.new_context().new_page(), demo.ready, has_scripts=True)
        visitor = Console(browser.new_context(java_script_enabled=False).new_page(), demo.ready, has_scripts=False)
        for name, page in tour(Party(demo, sign_up(demo.ready, "Asha"), console, visitor)):
            print(name, flush=True)
            _take(page, folder, name)


def _take_for_docs(browser: Browser, demo: RunningDemo, folder: Path) -> None:
    """The gateway, and the Dashboard of the demo's own organisation after a few messages."""
    page = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}).new_page()
    console = Console(page, demo.ready, has_scripts=True)
    console.log_in(Customer("Asha", demo.ready["email"], demo.ready["password"], ""))
    console.go_to_gateway()
    page.screenshot(path=folder / "gateway.png", animations="disabled")
    gateway.pay(page, "UPI QR", has_scripts=True)
    gateway.return_now(page)
    for recipient in (DELIVERED, REJECTED, WITHOUT_RECEIPT):
        console.send_sms(recipient, "Your parcel comes today between 10 and 12.")
        console.expect_status({REJECTED: "Rejected", WITHOUT_RECEIPT: "Sent"}.get(recipient, "Delivered"))
    page.set_viewport_size({"width": WIDTHS[0], "height": 740})
    console.open()
    page.screenshot(path=folder / "dashboard.png", animations="disabled")


def _take(page: Page, folder: Path, name: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True, animations="disabled")
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
