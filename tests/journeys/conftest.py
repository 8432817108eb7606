from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.faults.running_demo import RunningDemo, running_demo

from .chromium import chromium
from .console import Console
from .customers import Customer, sign_up
from .operators import khata_operator
from .watch import Watch

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def _give_connection_back() -> None:
    """Journeys have no connection of Django's, which would not be touched beside Playwright's event loop."""


@pytest.fixture(scope="session")
def demo() -> Iterator[RunningDemo]:
    """The real demo. When all journeys are over its ledger is proved, and it must leave no process."""
    with running_demo() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module: while Playwright runs, its event loop occupies the thread other modules' tests may need."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def has_scripts() -> bool:
    return True


@pytest.fixture
def context(browser: Browser, has_scripts: bool) -> Iterator[BrowserContext]:
    """A browser with nothing in it, which must have had nothing to complain about."""
    context = browser.new_context(java_script_enabled=has_scripts, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context)
    yield context
    context.close()
    assert watch.troubles == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def asha(demo: RunningDemo) -> Customer:
    return sign_up(demo.ready, "Asha")


@pytest.fixture
def olga(demo: RunningDemo) -> Iterator[Customer]:
    """An operator, for as long as the test runs."""
    customer = sign_up(demo.ready, "Olga")
    khata_operator(demo, "add", customer)
    yield customer
    khata_operator(demo, "remove", customer)


@pytest.fixture
def console(page: Page, demo: RunningDemo, has_scripts: bool, asha: Customer) -> Console:
    """Asha is logged in and looks at the Dashboard."""
    console = Console(page, demo.ready, has_scripts=has_scripts)
    console.log_in(asha)
    return console
