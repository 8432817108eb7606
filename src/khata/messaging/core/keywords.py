"""Words a phone can send to stop messages, or to have them again.

Only a message that is nothing but such a word counts: "Please don't stop" must not. YES is no START here, though some
networks take it: it is what people answer to questions.
"""

import unicodedata
from enum import StrEnum


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


WORDS: dict[Keyword, frozenset[str]] = {
    Keyword.STOP: frozenset(
        {
            "stop", "stopall", "stop all", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "opt out",
            "opt-out", "remove", "td",
            "arret", "arrêt", "stopp", "abmelden", "alto", "baja", "parar", "sair", "fermare",
            "बंद", "बंद करो", "बंद करें", "रोको", "रोकें", "বন্ধ", "थांबवा", "நிறுத்து", "ఆపు", "توقف", "إلغاء",
        }
    ),
    Keyword.START: frozenset({"start", "unstop", "subscribe", "optin", "opt in", "opt-in", "शुरू", "चालू", "शुरू करें"}),
    Keyword.HELP: frozenset({"help", "info", "मदद"}),
}  # fmt: skip
"""In the form `keyword_in` compares."""

_LENGTH_MAX = 40


def keyword_in(text: str) -> Keyword | None:
    """The keyword the whole text is, in whatever case, between whatever marks; None of any other text."""
    if len(text) > _LENGTH_MAX:
        return None
    plain = _plain(text)
    return next((keyword for keyword, words in _PLAIN_WORDS.items() if plain in words), None)


def _plain(text: str) -> str:
    """Folded, one space between words, and without marks, quotes and invisible characters around it."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    spoken = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    start, end = 0, len(spoken)
    while start < end and _is_mark(spoken[start]):
        start += 1
    while end > start and _is_mark(spoken[end - 1]):
        end -= 1
    return " ".join(spoken[start:end].split())


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PSZC"


_PLAIN_WORDS = {keyword: frozenset(map(_plain, words)) for keyword, words in WORDS.items()}
