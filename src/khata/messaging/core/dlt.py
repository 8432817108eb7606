"""India's registers of who may send what (DLT): categories, senders' names, and what their error codes mean."""

import re
from enum import IntEnum

COUNTRY_PREFIX = "+91"
REGISTER_NUMBER = re.compile(r"[0-9]{12,20}", re.ASCII)
"""Of an entity, a telemarketer or a template. Most have 19 digits; some registers gave shorter ones."""


class Category(IntEnum):
    """What a template is for. The numbers are stored."""

    TRANSACTIONAL = 1
    SERVICE_IMPLICIT = 2
    SERVICE_EXPLICIT = 3
    PROMOTIONAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


CATEGORIES = {category.word: category for category in Category}

WINDOWED = frozenset({Category.SERVICE_EXPLICIT, Category.PROMOTIONAL})
"""They may go out only at certain hours."""

_LETTERS = re.compile(r"[A-Za-z]{3,6}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
HEADER_SHAPES = {
    Category.TRANSACTIONAL: _LETTERS,
    Category.SERVICE_IMPLICIT: _LETTERS,
    Category.SERVICE_EXPLICIT: _LETTERS,
    Category.PROMOTIONAL: _DIGITS,
}
"""How the sender (the register's word is header) of a category is written. Capitals count."""


def is_header(text: str) -> bool:
    return any(shape.fullmatch(text) for shape in HEADER_SHAPES.values())


def fits(header: str, category: Category) -> bool:
    return HEADER_SHAPES[category].fullmatch(header) is not None


_CODES = {
    "195": "A registration number that the carrier expects did not come with the message.",
    "614": "The chain of telemarketers did not come with the message.",
    "615": "The chain of telemarketers is not registered.",
    "616": "The chain of telemarketers is inactive.",
    "617": "The chain of telemarketers is barred.",
    "618": "The chain of telemarketers is suspended.",
    "623": "The sender is not registered for this entity.",
    "633": "The text does not match the registered template.",
    "634": "The template is not registered for this sender.",
    "635": "A variable of the template is too long.",
    "637": "The register does not know this template.",
    "650": "The recipient's preferences do not allow messages of this kind.",
    "651": "Messages of this kind may not go out at this hour.",
    "660": "The recipient has not consented to messages of this kind.",
    "670": "The register could not check the message.",
    "801": "The sender is barred.",
    "812": "The chain of telemarketers is not registered.",
    "5601": "The chain of telemarketers is not registered.",
    "23005": "The recipient has asked not to be disturbed.",
    "23080": "The register refused the message.",
    "23081": "The register refused the message.",
    "23082": "The register refused the message.",
    "23083": "The register refused the message.",
}
_RANGES = (
    (600, 605, "The register does not accept the entity."),
    (610, 613, "The register does not accept the telemarketer."),
    (620, 622, "The register does not accept the sender."),
    (630, 636, "The register does not accept the template."),
    (800, 899, "The register refused the message."),
)
"""First and last code; where vendors agree on the subject only."""

_STATUSES = {
    "0x00000001": "The carrier finds the message too long.",
    "0x00000008": "The carrier has a fault of its own.",
    "0x0000000A": "The carrier does not accept this sender.",
    "0x0000000B": "The carrier does not accept the recipient's number.",
    "0x00000014": "The carrier's queue is full.",
    "0x00000045": "The carrier refused the message without saying why.",
    "0x00000058": "Messages come faster than the carrier takes them.",
    "0x000000C3": _CODES["195"],
    "0x000000C4": "A registration number that came with the message is not as the carrier expects it.",
    "0x000000FE": "The carrier could not deliver the message.",
    "0x000000FF": "The carrier refused the message without saying why.",
}
"""Of SMPP answers: those that a reader can do something about."""


def error_words(code: str, recipient: str) -> str:
    """What a carrier's error code means; "" where only the carrier knows. The register's codes are India's alone."""
    if words := _STATUSES.get(code):
        return words
    number = code.lstrip("0")
    if not recipient.startswith(COUNTRY_PREFIX) or not (number.isascii() and number.isdigit()):
        return ""
    value = int(number[:6])
    return _CODES.get(number) or next((words for first, last, words in _RANGES if first <= value <= last), "")
