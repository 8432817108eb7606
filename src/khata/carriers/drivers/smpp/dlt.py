"""What India's registers want to see with a message, as the optional parameters of one carrier."""

from functools import lru_cache
from hashlib import sha256
from typing import Literal, NamedTuple

from khata.carriers.drivers.smpp.pdu import Tlv
from khata.carriers.port import Dlt

DltValue = Literal["entity_id", "template_id", "chain_hash"]


class DltTlv(NamedTuple):
    """One optional parameter a carrier wants."""

    tag: int
    value: DltValue
    is_terminated: bool = False
    """Whether a NUL ends the value: some carriers read it as a C-octet string."""


DLT_TLVS = (DltTlv(0x1400, "entity_id"), DltTlv(0x1401, "template_id"), DltTlv(0x1402, "chain_hash"))
"""As most Indian carriers have it."""


@lru_cache(maxsize=1_024)
def dlt_tlvs(dlt: Dlt, wanted: tuple[DltTlv, ...]) -> tuple[Tlv, ...]:
    """In the order wanted, without those the message has no value for."""
    values: dict[DltValue, str] = {
        "entity_id": dlt.entity_id,
        "template_id": dlt.template_id,
        "chain_hash": chain_hash(dlt.chain),
    }
    return tuple((tlv.tag, _octets(values[tlv.value], tlv)) for tlv in wanted if values[tlv.value])


def chain_hash(chain: tuple[str, ...]) -> str:
    """Hexadecimal SHA-256 of the ids, in order, with a comma between; "" where there is no chain."""
    return sha256(",".join(chain).encode()).hexdigest() if chain else ""


def _octets(value: str, tlv: DltTlv) -> bytes:
    return value.encode() + (b"\0" if tlv.is_terminated else b"")
