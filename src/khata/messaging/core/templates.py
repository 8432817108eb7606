"""Registered templates of an organisation, and by which of them a message goes."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from khata.messaging.core.dlt import Category
from khata.messaging.core.matching import Difference, difference, has_words, match
from khata.messaging.core.patterns import Pattern, shown, words_of

_FOLLOWED_MAX = 100
"""How many templates whose words are all in a text are followed through it. In practice it is one or two; whoever
registers thousands that nearly match everything must not hold up the batch that others' messages share."""
_NOT_FOLLOWED = Difference(
    "too_many_alike",
    f"The text is that template, but at least {_FOLLOWED_MAX} others are too much like it: name its number.",
)


class Template(NamedTuple):
    """A registered template; `ref` is the register's number of it."""

    id: UUID
    ref: str
    sender: str
    category: Category
    pattern: Pattern


class BoundTemplate(NamedTuple):
    """The template a message goes by, as far as its way out needs to know."""

    id: UUID
    sender: str
    category: Category


class Unbound(NamedTuple):
    """Why a message goes by no template: which field is at fault, a code, and a sentence."""

    field: str
    code: str
    detail: str


Book = tuple[Template, ...]
"""Templates in the order in which a text is compared with them."""


def book_of(templates: Iterable[Template]) -> Book:
    """Those with the most fixed words first, and of these the oldest: the first that matches is the one."""
    return tuple(sorted(templates, key=lambda template: (-sum(map(len, words_of(template.pattern))), template.id)))


def bind(book: Book, text: str, *, sender: str | None, ref: str | None) -> Template | Unbound:
    """The template a message goes by: the one it names, or whichever its text is, of its sender where it has one."""
    if ref is not None:
        book = tuple(template for template in book if template.ref == ref)
        if not book:
            return Unbound("template", "unknown_template", f"No template in use has the number {shown(ref)}.")
    if sender is not None:
        book = tuple(template for template in book if template.sender == sender)
        if not book:
            subject = "No template in use has" if ref is None else f"Template {ref} does not have"
            return Unbound("from", "sender_not_registered", f"{subject} the sender {sender}.")
    return choose(book, text) or _unmatched(book, text)


def choose(book: Book, text: str) -> Template | None:
    """The template a text is."""
    likely = (template for template in book if has_words(template.pattern, text))
    return next((found for found in islice(likely, _FOLLOWED_MAX) if match(found.pattern, text) is not None), None)


def nearest(book: Book, text: str) -> tuple[Template, Difference] | None:
    """The template a text that none was chosen for has the most words in common with, and what kept it from that."""
    if not book:
        return None
    words = frozenset(text.split())
    template = max(book, key=lambda template: _likeness(template, words))
    is_match = match(template.pattern, text) is not None
    return template, _NOT_FOLLOWED if is_match else difference(template.pattern, text)


def _likeness(template: Template, words: frozenset[str]) -> float:
    """Dice's coefficient of the two sets of words: 0 for nothing in common, 1 for all."""
    fixed = {word for part in words_of(template.pattern) for word in part.split()}
    return 2 * len(fixed & words) / (len(fixed) + len(words))


def _unmatched(book: Book, text: str) -> Unbound:
    found = nearest(book, text)
    if found is None:
        return Unbound("body", "no_template", "No template is registered here, so no text can match one.")
    template, why = found
    return Unbound("body", why.code, f"Nearest is template {template.ref}. {why.detail}")
