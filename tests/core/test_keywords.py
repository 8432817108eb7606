"""STOP and START count only where they are all that was written."""

import pytest

from khata.messaging.core.keywords import WORDS, Keyword, keyword_in


@pytest.mark.parametrize(("keyword", "word"), [(keyword, word) for keyword, words in WORDS.items() for word in words])
def test_every_word_is_understood_in_any_case_and_between_marks(keyword: Keyword, word: str) -> None:
    assert [keyword_in(text) for text in (word, word.upper(), f" {word}. ", f"“{word}!”\n")] == [keyword] * 4


@pytest.mark.parametrize("text", ["\u200fSTOP\u200e", "ＳＴＯＰ", "stop\u200b", "STOP\x00", "Stop  All", "arre\u0302t"])
def test_invisible_and_wide_characters_do_not_hide_a_word(text: str) -> None:
    assert keyword_in(text) is Keyword.STOP


@pytest.mark.parametrize(
    "text", ["", "!!!", "Please don't stop", "stop it", "nonstop", "Yes", "start?stop", "STOP " * 20, "s t o p"]
)
def test_a_sentence_is_no_keyword(text: str) -> None:
    assert keyword_in(text) is None


def test_no_word_means_two_things() -> None:
    assert sum(len(words) for words in WORDS.values()) == len(frozenset().union(*WORDS.values()))
