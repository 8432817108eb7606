"""Telephone numbers as people paste and look for them."""

import re
from dataclasses import dataclass

from khata.console.phones import calling_code
from khata.messaging.configuration import home_region
from khata.messaging.core.recipients import NotReachable, e164

_BETWEEN = re.compile(r"[,;\n]|\s+(?=\+)")
_MARKS = re.compile(r"[^0-9+]")


@dataclass(frozen=True, slots=True)
class WrongLine:
    """`line` counts from 1; `text` is what stands there and is no number."""

    line: int
    text: str
    problem: str


def recipients_in(text: str) -> list[str]:
    """The numbers of a pasted list: by line, comma or semicolon, or by a space before the next plus."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def read_numbers(text: str) -> tuple[list[str], list[WrongLine]]:
    """The numbers in E.164, each once and in order, and what is none, by line."""
    home, numbers, wrong = home_region(), dict[str, None](), list[WrongLine]()
    for line, written in enumerate(text.splitlines(), start=1):
        for part in recipients_in(written):
            try:
                numbers[e164(part, home)] = None
            except NotReachable as error:
                wrong.append(WrongLine(line, part, str(error)))
    return list(numbers), wrong


def number_prefix(text: str) -> str:
    """How numbers begin that are looked for: `98765` and `+91 98765` are both `+9198765`."""
    home = home_region()
    try:
        return e164(text, home)
    except NotReachable:
        plain = _MARKS.sub("", text)
    if plain.startswith("+") or not plain:
        return plain
    return f"+{calling_code(home)}{plain.lstrip('0')}"
