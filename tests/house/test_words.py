"""One word, one meaning (docs/glossary.md): words that would mean the same as another one are not used."""

import ast
import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup

from tests.house.project import ROOT, source_texts, trees

SYNONYMS = {
    "workspace": "organisation",
    "tenant": "organisation",
    "recharge": "top-up",
    "deposit": "top-up",
    "provider": "carrier (messages) or gateway (money)",
    "sub-account": "organisation",
    "chargeback": "dispute",
}
"""Word → ours."""

LEDGER_WORDS = ("hold", "held", "capture", "captured", "void", "voided", "ledger", "lot", "lots")
"""Code and ledger; people read reserved, used, returned. ("A segment holds 160 characters" is plain English.)"""


def prose(tree: ast.Module) -> Iterator[str]:
    """Docstrings of modules, classes, functions and attributes, and sentences in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def visible(template: str) -> str:
    """What a reader of the page sees, template tags left out."""
    without_tags = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", template, flags=re.DOTALL)
    soup = BeautifulSoup(without_tags, "html.parser")
    spoken = [
        str(tag[name])
        for name in ("aria-label", "title", "alt", "placeholder")
        for tag in soup.find_all(True, {name: True})
    ]
    return " ".join([soup.get_text(" "), *spoken])


def synonyms_in(text: str) -> list[str]:
    return re.findall(rf"\b(?:{'|'.join(SYNONYMS)})s?\b", text, re.IGNORECASE)


def ledger_words_in(text: str) -> list[str]:
    return re.findall(rf"\b(?:{'|'.join(LEDGER_WORDS)})\b", text, re.IGNORECASE)


def test_prose_in_the_source_uses_one_word_for_one_thing() -> None:
    found = {name: words for name, tree in trees().items() if (words := synonyms_in(" ".join(prose(tree))))}
    assert found == {}


def test_pages_use_one_word_for_one_thing() -> None:
    pages = {name: visible(text) for name, text in source_texts(".html").items()}
    assert {name: words for name, text in pages.items() if (words := synonyms_in(text))} == {}


def test_people_read_reserved_used_and_returned_instead_of_the_ledgers_words() -> None:
    pages = {n: visible(text) for n, text in source_texts(".html").items() if n.startswith("src/khata/console/")}
    assert len(pages) > 20
    assert {name: words for name, text in pages.items() if (words := ledger_words_in(text))} == {}


def test_every_banned_word_stands_in_the_glossary() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text().lower()
    assert [word for word in SYNONYMS if word not in glossary] == []


def test_the_glossary_defines_each_term_once() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    terms = re.findall(r"^\| \*\*(.+?)\*\*", glossary, re.MULTILINE)
    assert len(terms) > 30
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize(
    "page", ["<p>Recharge now</p>", '<a title="Your tenant"></a>', "<b>{% if x %}Deposits{% endif %}</b>"]
)
def test_a_synonym_on_a_page_is_noticed(page: str) -> None:
    assert synonyms_in(visible(page))


def test_a_template_tag_is_not_taken_for_text() -> None:
    assert ledger_words_in(visible("<p>{{ lot.held }}{% include 'void.html' %}</p>")) == []
