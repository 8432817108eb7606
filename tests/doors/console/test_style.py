"""What every page costs to load, and that its colours can be read: light and dark, on page and on card."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "console" / "static" / "console"
CSS = (STATIC / "khata.css").read_text()
TEXT, CONTROL = 4.5, 3.0

PAIRS = [
    ("text", ("page", "card", "hover"), TEXT),
    ("muted", ("page", "card", "hover"), TEXT),
    ("accent", ("page", "card", "accent-tint"), TEXT),
    ("on-accent", ("accent", "accent-deep"), TEXT),
    ("ok", ("page", "card", "ok-tint"), TEXT),
    ("warn", ("page", "card", "warn-tint"), TEXT),
    ("bad", ("page", "card", "bad-tint"), TEXT),
    ("card", ("bad",), TEXT),
    ("control", ("page", "card"), CONTROL),
]


def tokens(block: str) -> dict[str, str]:
    """The colours of one theme's block."""
    body = CSS.split(block + " {", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", body))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("block", [":root", '[data-theme="dark"]'])
def test_every_colour_can_be_read_on_what_it_stands(block: str) -> None:
    theme = tokens(block)
    faint = {
        f"{front} on {back}": round(contrast(theme[front], theme[back]), 2)
        for front, backs, least in PAIRS
        for back in backs
        if contrast(theme[front], theme[back]) < least
    }
    assert faint == {}


def test_the_systems_dark_is_the_chosen_dark() -> None:
    assert tokens('[data-theme="system"]') == tokens('[data-theme="dark"]')


def test_styles_and_scripts_stay_small() -> None:
    script = (STATIC / "khata.js").read_bytes()
    assert len(script) <= 3_072
    assert len(CSS.encode()) <= 45_000
    assert len(gzip.compress(CSS.encode())) <= 10_000
