"""What mail servers' statuses say of an address (RFC 3463). For drivers only."""

import re

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_MAILBOX_GONE = re.compile(r"5\.1\.(1|2|3|6|10)|5\.2\.1")
"""Statuses that say the address itself is no good; a full mailbox (5.2.2) or a refused text (5.7.1) may pass."""


def enhanced_code(text: str) -> str:
    """The first status in a text, like 5.1.1; "" where there is none."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def is_mailbox_gone(code: str) -> bool:
    """Whether nobody should write to the address again."""
    return _MAILBOX_GONE.fullmatch(code) is not None
