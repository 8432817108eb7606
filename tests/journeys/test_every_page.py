"""Every page in every state on a narrow phone, light and dark: nothing is wider than the screen."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.faults.running_demo import RunningDemo

from .console import Console
from .customers import sign_up
from .tour import Party, tour
from .watch import Watch

WIDTH = 320
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STOPS_MIN = 110

_TOO_WIDE = """() => {
  const widest = document.scrollingElement.scrollWidth;
  if (widest <= innerWidth) return "";
  const guilty = [...document.querySelectorAll("body *")].find((e) => e.getBoundingClientRect().right > innerWidth + 1);
  return `${widest} px, by ${guilty?.outerHTML.slice(0, 120)}`;
}"""


@pytest.mark.timeout(900)
def test_no_page_is_wider_than_a_narrow_phone_and_no_browser_complains(browser: Browser, demo: RunningDemo) -> None:
    size: ViewportSize = {"width": WIDTH, "height": 640}
    with (
        browser.new_context(viewport=size) as context,
        browser.new_context(viewport=size, java_script_enabled=False) as scriptless,
    ):
        watches = [Watch(context), Watch(scriptless)]
        console = Console(context.new_page(), demo.ready, has_scripts=True)
        visitor = Console(scriptless.new_page(), demo.ready, has_scripts=False)
        names: list[str] = []
        too_wide: dict[tuple[str, str], str] = {}
        for name, page in tour(Party(demo, sign_up(demo.ready, "Asha"), console, visitor)):
            names.append(name)
            too_wide |= {(name, scheme): words for scheme in SCHEMES if (words := _too_wide(page, scheme))}
    assert too_wide == {}
    assert [trouble for watch in watches for trouble in watch.troubles] == []
    assert len(set(names)) == len(names) >= STOPS_MIN


def _too_wide(page: Page, scheme: Literal["light", "dark"]) -> str:
    page.emulate_media(color_scheme=scheme)
    return str(page.evaluate(_TOO_WIDE))
