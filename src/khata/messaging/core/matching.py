"""Whether a text is a registered template, and what keeps it from being one.

A template is matched by following all positions of the text it may have reached, as bits of one integer. That takes
time in proportion to the text and the template, whatever is in them: there is nothing to go back to.
"""

from collections.abc import Sequence
from typing import NamedTuple

from khata.messaging.core.patterns import Pattern, Variable, shown, value_problem, variables_of, words_of


class Difference(NamedTuple):
    """Why a text is not a template: a code, and a sentence."""

    code: str
    detail: str


def has_words(pattern: Pattern, text: str) -> bool:
    """Whether the template's words are in the text, in order: one that has not all of them cannot match."""
    first, last = pattern[0], pattern[-1]
    if (isinstance(first, str) and not text.startswith(first)) or (isinstance(last, str) and not text.endswith(last)):
        return False
    at = 0
    for words in words_of(pattern):
        found_at = text.find(words, at)
        if found_at < 0:
            return False
        at = found_at + len(words)
    return True


def match(pattern: Pattern, text: str) -> tuple[str, ...] | None:
    """The variables' values where the text is that template, else None."""
    reached = _follow(pattern, _Text(text), is_strict=True).reached
    if len(reached) <= len(pattern) or not reached[-1] >> len(text) & 1:
        return None
    return _values(pattern, text, reached, is_strict=True)


def difference(pattern: Pattern, text: str) -> Difference:
    """What keeps a text that does not match from being that template."""
    way = _follow(pattern, _Text(text), is_strict=False)
    if len(way.reached) <= len(pattern):
        part = pattern[len(way.reached) - 1]
        assert isinstance(part, str)
        return Difference("text_differs", _differs(text[way.last_at :], part[way.part_matched :]))
    if not way.reached[-1] >> len(text) & 1:
        rest = text[way.reached[-1].bit_length() - 1 :]
        return Difference("text_differs", f"The text goes on with “{shown(rest)}” where the template ends.")
    return _unfit(pattern, _values(pattern, text, way.reached, is_strict=False))


class _Text:
    """A text as bits: bit `p` of a mask says something about its character `p`."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self.places: dict[str, int] = {}
        for place, character in enumerate(text):
            self.places[character] = self.places.get(character, 0) | 1 << place

    def of(self, characters: frozenset[str] | None) -> int:
        """Where one of these stands."""
        if characters is None:
            return (1 << self.length) - 1
        return sum(mask for character, mask in self.places.items() if character in characters)


class _Way(NamedTuple):
    """How far a template was followed: after each part the positions reached, as bits; it ends where there are none.

    Of the part it ended in: how many characters fitted, and where in the text that was.
    """

    reached: list[int]
    part_matched: int = 0
    last_at: int = 0


def _follow(pattern: Pattern, text: _Text, *, is_strict: bool) -> _Way:
    """Not strict: a variable takes anything, of any length."""
    reached = [1]
    for part in pattern:
        if isinstance(part, Variable):
            follow = _after_variable if is_strict else _after_anything
            reached.append(follow(part, text, reached[-1]))
            continue
        now = reached[-1]
        for count, character in enumerate(part):
            following = (now & text.places.get(character, 0)) << 1
            if not following:
                return _Way(reached, count, (now & -now).bit_length() - 1)
            now = following
        reached.append(now)
    return _Way(reached)


def _after_anything(_: Variable, text: _Text, reached: int) -> int:
    """Everywhere from the first of these positions on."""
    return (2 << text.length) - (reached & -reached)


def _after_variable(variable: Variable, text: _Text, reached: int) -> int:
    """Where as many allowed characters lead as the variable may have.

    What `count` steps reach is known for each beginning of the greatest count's binary digits: a digit doubles the
    count, and a one adds a step. `runs` is where that many allowed characters follow one another.
    """
    allowed = text.of(variable.characters)
    for _ in range(variable.length_min):
        reached = (reached & allowed) << 1
    count, runs = 0, -1
    for digit in f"{variable.length_max - variable.length_min:b}":
        reached |= (reached & runs) << count
        runs &= runs >> count
        count *= 2
        if digit == "1":
            reached |= (reached & allowed) << 1
            runs &= allowed >> count
            count += 1
    return reached


def _values(pattern: Pattern, text: str, reached: Sequence[int], *, is_strict: bool) -> tuple[str, ...]:
    """Read from the end; of adjacent variables the first takes as much as it may."""
    values = []
    end = len(text)
    for part, before in reversed(list(zip(pattern, reached[:-1], strict=True))):
        if isinstance(part, str):
            end -= len(part)
            continue
        shortest = part.length_min if is_strict else 0
        starts = before & ((2 << (end - shortest)) - 1)
        start = starts.bit_length() - 1
        values.append(text[start:end])
        end = start
    return tuple(reversed(values))


def _unfit(pattern: Pattern, values: Sequence[str]) -> Difference:
    """All fixed words are there, so a value is at fault."""
    for number, (variable, value) in enumerate(zip(variables_of(pattern), values, strict=True), start=1):
        if problem := value_problem(variable, value):
            return Difference(problem[0], f"Variable {number} {variable.written} {problem[1]}")
    raise AssertionError("a text whose values all fit matches")


def _differs(found: str, expected: str) -> str:
    if not found:
        return f"The text ends where the template goes on with “{shown(expected)}”."
    return f"The text says “{shown(found)}” where the template says “{shown(expected)}”."
