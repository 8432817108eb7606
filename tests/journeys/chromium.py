"""A real browser: the Chromium of this machine, never one that a package downloads."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--disable-gpu", "--disable-background-networking", "--no-first-run")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Only root does without Chromium's own sandbox: there, Chromium would not start with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_found(), args=list(FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()


def _found() -> str:
    """The first of those `make test` looks for, in the same order."""
    names = (os.environ.get("KHATA_TEST_BROWSER", ""), *NAMES)
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    assert path, "no Chromium: install it, or name it with KHATA_TEST_BROWSER=/path/to/chromium"
    return path
