"""The text of a registered template: fixed words with variables between them."""

import re
import string
from collections.abc import Sequence
from typing import NamedTuple

_TAG = re.compile(r"\{#([A-Za-z]*)#\}")


class Variable(NamedTuple):
    """A place for a value; `characters` is None where any will do."""

    tag: str
    length_min: int
    length_max: int
    characters: frozenset[str] | None
    words: str
    """What a value is: "digits only"."""

    @property
    def written(self) -> str:
        return f"{{#{self.tag}#}}"


_URL = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")
_EMAIL = frozenset(string.ascii_letters + string.digits + "@.!#$%&'*+/=?^_`{|}~-")
VARIABLES = {
    each.tag: each
    for each in (
        Variable("var", 0, 30, None, "any text"),
        Variable("numeric", 1, 40, frozenset(string.digits), "digits only"),
        Variable("alphanumeric", 1, 40, frozenset(string.ascii_letters + string.digits), "letters and digits only"),
        Variable("url", 1, 200, _URL, "a web address"),
        Variable("urlott", 1, 200, _URL, "a web address"),
        Variable("cbn", 1, 20, frozenset(string.digits + "+- "), "a telephone number"),
        Variable("email", 1, 100, _EMAIL, "an e-mail address"),
    )
}
"""By tag. Published are 30 for `var` and 40 for `alphanumeric`; the other lengths are ours, on the generous side."""

Part = str | Variable
Pattern = tuple[Part, ...]
"""Fixed words and variables, in order."""


class InvalidTemplate(ValueError):
    """The message says what is wrong with the text."""


def read_pattern(text: str) -> Pattern:
    """ "Dear {#var#}, thank you" → its parts. Raises InvalidTemplate."""
    parts: list[Part] = []
    pieces = _TAG.split(text)
    for index, piece in enumerate(pieces):
        if index % 2:
            parts.append(_variable(piece))
        elif "{#" in piece or "#}" in piece:
            raise InvalidTemplate("A variable is written like {#var#}, with nothing else between its braces.")
        elif piece:
            parts.append(piece)
    if not any(words.strip() for words in words_of(parts)):
        raise InvalidTemplate("A template has fixed words, not only variables.")
    return tuple(parts)


def words_of(pattern: Sequence[Part]) -> list[str]:
    """What stands fixed, in order."""
    return [part for part in pattern if isinstance(part, str)]


def variables_of(pattern: Sequence[Part]) -> list[Variable]:
    return [part for part in pattern if isinstance(part, Variable)]


def fill(pattern: Pattern, values: Sequence[str]) -> str:
    """The text with its variables replaced, in order."""
    following = iter(values)
    return "".join(part if isinstance(part, str) else next(following) for part in pattern)


def value_problem(variable: Variable, value: str) -> tuple[str, str] | None:
    """What is wrong with a value, as a code and the end of a sentence; None where nothing is."""
    if len(value) > variable.length_max:
        return "variable_too_long", f"has {len(value)} characters; at most {variable.length_max} are allowed."
    if variable.characters is not None and not variable.characters.issuperset(value):
        return "variable_unfit", f"is “{shown(value)}”, not {variable.words}."
    if len(value) < variable.length_min:
        return "variable_empty", "is empty."
    return None


_SHOWN_LENGTH = 24


def shown(text: str) -> str:
    """As much of a text as a sentence says back."""
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def _variable(tag: str) -> Variable:
    variable = VARIABLES.get(tag.lower())
    if variable is None:
        known = ", ".join(variable.written for variable in VARIABLES.values())
        raise InvalidTemplate(f"{{#{tag}#}} is no variable of the register. Those are {known}.")
    return variable
