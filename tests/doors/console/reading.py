"""Reading answers as people and browsers do."""

from typing import Any

from bs4 import BeautifulSoup

Answer = Any
"""What Django's test client returns; its type has no name of its own."""


def page_of(answer: Answer) -> BeautifulSoup:
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(answer: Answer) -> str:
    """All visible words, one blank between them."""
    page = page_of(answer)
    for hidden in page(["script", "style", "noscript", "title"]):
        hidden.extract()
    return " ".join(page.get_text(" ").split())


def main_text(answer: Answer) -> str:
    main = page_of(answer).find("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def value_of(answer: Answer, name: str) -> str:
    """What the field `name` of the page's own form holds (the header's forms come before it)."""
    main = page_of(answer).find("main")
    assert main is not None
    field = main.select_one(f'[name="{name}"]')
    assert field is not None
    # Browsers drop the line break a text area begins with.
    return str(field.get("value") or field.get_text().removeprefix("\n"))
