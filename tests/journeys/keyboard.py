"""A person without a mouse: Tab to what is meant, always seeing where the focus is."""

from playwright.sync_api import Locator, Page, expect

PRESSES_MAX = 60

_IS_FOCUS_SEEN = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return true;
  const isChoice = focused.matches("input[type=radio], input[type=checkbox]");
  const drawn = isChoice ? [focused, focused.closest("label"), focused.nextElementSibling] : [focused];
  return drawn.some((element) => {
    if (!element) return false;
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
}"""
"""A choice may be drawn by its label or by what stands beside it."""


def tab_to(page: Page, target: Locator) -> None:
    """Every stop on the way must show that it has the focus."""
    expect(target).to_be_visible()
    for _ in range(PRESSES_MAX):
        page.keyboard.press("Tab")
        assert page.evaluate(_IS_FOCUS_SEEN), f"no focus to be seen on {_focused(page)}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{PRESSES_MAX} times Tab did not lead to {target}; now on {_focused(page)}")


def _focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)"))
