"""E-mail addresses, read strictly: what is let through can stand in a header and in an SMTP command as it is.

The part before the @ is a dot-atom of ASCII (RFC 5321); quoted forms, comments and address literals are refused: no
mailbox a message should go to needs them, and every one of them has been used to smuggle headers. Domains may be
written in any script and are kept in their ASCII form (IDNA 2008).
"""

import re
from typing import NamedTuple

import idna

ADDRESS_LENGTH_MAX = 254
NAME_LENGTH_MAX = 100
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Line breaks, other controls, halves of surrogate pairs: what no header may hold."""
ENCODED_WORD = "=?"
"""How one begins (RFC 2047). Mail programs decode it wherever it stands, to line breaks as well."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL_LENGTH_MAX = 64
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class NotAnAddress(ValueError):
    """The text is no address a mail can go to or come from. The message says why."""


class Mailbox(NamedTuple):
    """An address, and the name it is shown with ("" for none)."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def text(self) -> str:
        """As `read_mailbox` reads it again."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def read_address(text: str) -> str:
    """The address with its domain in lower-case ASCII. Raises NotAnAddress."""
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or len(local) > _LOCAL_LENGTH_MAX or not _LOCAL.fullmatch(local) or ENCODED_WORD in local:
        raise NotAnAddress("An e-mail address looks like name@example.com.")
    address = f"{local}@{read_domain(domain)}"
    if len(address) > ADDRESS_LENGTH_MAX:
        raise NotAnAddress(f"An e-mail address has at most {ADDRESS_LENGTH_MAX} characters.")
    return address


def read_mailbox(text: str) -> Mailbox:
    """`name@example.com`, or `Shown name <name@example.com>`. Raises NotAnAddress."""
    if UNPRINTABLE.search(text) or ENCODED_WORD in text:
        raise NotAnAddress("The sender holds a control character or an encoded word.")
    shown, bracket, rest = text.strip().partition("<")
    if not bracket:
        return Mailbox(read_address(text))
    name = shown.strip().strip('"').strip()
    if len(name) > NAME_LENGTH_MAX or set(name) & set('">'):
        raise NotAnAddress(f"A sender's name has at most {NAME_LENGTH_MAX} characters, no quotation mark and no “>”.")
    address, bracket, after = rest.partition(">")
    if not bracket or after:
        raise NotAnAddress("A sender looks like Shown name <name@example.com>.")
    return Mailbox(read_address(address), name)


def read_domain(text: str) -> str:
    """A public domain's name in lower-case ASCII. Raises NotAnAddress."""
    try:
        name = idna.encode(text, uts46=True, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise NotAnAddress("The domain is not a valid name.") from None
    labels = name.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise NotAnAddress("A domain looks like example.com.")
    return name
