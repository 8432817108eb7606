"""What an operator sets to reach one SMSC."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, get_args

from khata.carriers.drivers.smpp.dlt import DLT_TLVS, DltTlv, DltValue
from khata.carriers.drivers.smpp.message_ids import MessageIds
from khata.carriers.drivers.smpp.submissions import AS_USUAL, NumberKind, SubmitForm
from khata.carriers.table import Table

BINDS_MAX = 50

_VENDOR_TAGS = range(0x1400, 0x4000)  # SMPP 3.4, §5.3.1

Choice = TypeVar("Choice", bound=StrEnum)


class BindMode(StrEnum):
    """What one bind is for."""

    TRANSCEIVER = "transceiver"
    """Submissions and receipts over one connection."""
    SEPARATE = "separate"
    """A transmitter for submissions and a receiver for receipts and inbound messages."""


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One carrier. Raises ValueError where a value cannot work."""

    name: str
    """Names the carrier in our rows."""
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    is_sandbox: bool
    system_type: str = ""
    binds: int = 1
    """How many binds of the mode each worker holds at once; the SMSC's contract names its limit."""
    bind_mode: BindMode = BindMode.TRANSCEIVER
    window: int = 100
    """How many submissions may wait for their answer at once on each bind; the SMSC's contract names its limit."""
    submits_per_s_max: int | None = None
    """How many submissions a second the SMSC's contract allows on all these binds together; None for no limit."""
    tls: ssl.SSLContext | None = None
    """`ssl.create_default_context()` where the SMSC speaks TLS; None for plain TCP."""
    submit_form: SubmitForm = AS_USUAL
    message_ids: MessageIds = MessageIds.AS_IS
    can_query: bool = False
    """Whether the SMSC answers `query_sm`."""
    enquire_link_s: float = 30
    response_timeout_s: float = 10
    """How long an answer may take before the submission is `Unknown`."""
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 30

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"{self.name}: {self.port} is not a port")
        if not 1 <= self.binds <= BINDS_MAX:
            raise ValueError(f"{self.name}: 1 to {BINDS_MAX} binds are possible, not {self.binds}")
        if self.window < 1:
            raise ValueError(f"{self.name}: the window must hold at least one submission")
        if self.submits_per_s_max is not None and self.submits_per_s_max < 1:
            raise ValueError(f"{self.name}: at least one submission a second must be allowed")
        if min(self.enquire_link_s, self.response_timeout_s, self.reconnect_min_s) <= 0:
            raise ValueError(f"{self.name}: a time must be more than nothing")
        for label, value in (("system_id", self.system_id), ("password", self.password), ("type", self.system_type)):
            # Lengths are left to the SMSC: several issue passwords longer than the specification's eight octets.
            if not value.isascii() or "\0" in value:
                raise ValueError(f"{self.name}: {label} must be ASCII without NUL")


def settings_of(name: str, table: Mapping[str, Any], *, is_sandbox: bool) -> SmppSettings:
    """From a table of the carriers file. Raises ValueError with a sentence."""
    read = Table(name, table)
    tls = _tls(read)
    settings = SmppSettings(
        name=name,
        host=read.text("host"),
        port=read.number("port", 2775, most=65_535),
        system_id=read.text("system_id"),
        password=read.text("password", ""),
        is_sandbox=is_sandbox,
        system_type=read.text("system_type", ""),
        binds=read.number("binds", 1, most=BINDS_MAX),
        bind_mode=_choice(read, "bind_mode", BindMode.TRANSCEIVER),
        window=read.number("window", 100, most=10_000),
        submits_per_s_max=read.number_or_none("submits_per_s_max"),
        tls=tls,
        submit_form=_submit_form(read),
        message_ids=_choice(read, "message_ids", MessageIds.AS_IS),
        can_query=_flag(read, "can_query", default=False),
        enquire_link_s=read.number("enquire_link_s", 30, most=3_600),
        response_timeout_s=read.number("response_timeout_s", 10, most=120),
        reconnect_max_s=read.number("reconnect_max_s", 30, most=3_600),
    )
    read.end()
    return settings


def _submit_form(read: Table) -> SubmitForm:
    return SubmitForm(
        long_messages=_choice(read, "long_messages", AS_USUAL.long_messages),
        dlt_tlvs=_dlt_tlvs(read),
        sender_name=_number_kind(read, "sender_name", AS_USUAL.sender_name),
        sender_number=_number_kind(read, "sender_number", AS_USUAL.sender_number),
        sender_short_code=_number_kind(read, "sender_short_code", AS_USUAL.sender_short_code),
        recipient=_number_kind(read, "recipient", AS_USUAL.recipient),
    )


def _tls(read: Table) -> ssl.SSLContext | None:
    if _flag(read, "tls", default="tls_ca_file" in read):
        return read.tls_context("tls_ca_file")
    if "tls_ca_file" in read:
        raise ValueError(f"{read.where}: tls_ca_file is of no use with tls = false")
    return None


def _dlt_tlvs(read: Table) -> tuple[DltTlv, ...]:
    if "dlt_tlvs" not in read:
        return DLT_TLVS
    tables = read.anything("dlt_tlvs")
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise ValueError(f"{read.where}: dlt_tlvs must be a list of tables")
    return tuple(_dlt_tlv(Table(f"{read.where}.dlt_tlvs", table)) for table in tables)


def _dlt_tlv(read: Table) -> DltTlv:
    tag = read.number("tag", 0, least=_VENDOR_TAGS.start, most=_VENDOR_TAGS.stop - 1)
    is_terminated = _flag(read, "is_terminated", default=False)
    value = read.text("value")
    read.end()
    for known in get_args(DltValue):
        if value == known:
            return DltTlv(tag, known, is_terminated)
    raise ValueError(f"{read.where}: value is one of {', '.join(get_args(DltValue))}")


def _number_kind(read: Table, key: str, default: NumberKind) -> NumberKind:
    numbers = read.numbers(key, default)
    if len(numbers) != 2 or not all(0 <= number <= 255 for number in numbers):
        raise ValueError(f"{read.where}: {key} is a list of two numbers, the type of number and the numbering plan")
    return NumberKind(*numbers)


def _choice(read: Table, key: str, default: Choice) -> Choice:
    choices = type(default)
    text = read.text(key, default)
    if text not in list(choices):
        raise ValueError(f"{read.where}: {key} is one of {', '.join(choices)}")
    return choices(text)


def _flag(read: Table, key: str, *, default: bool) -> bool:
    value = read.anything(key) if key in read else default
    if not isinstance(value, bool):
        raise ValueError(f"{read.where}: {key} is true or false")
    return value
