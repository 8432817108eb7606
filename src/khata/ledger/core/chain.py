"""The seal over an organisation's transfers: each step hashes the step before it, so a changed, removed, swapped or
inserted row breaks the head kept in the wallet. A lot's fixed facts are sealed with the transfer that made it.
"""

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from khata.ledger.core.book import Lot, Transfer

CHAIN_SIZE_BYTES = 16
CHAIN_START = bytes(CHAIN_SIZE_BYTES)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRANSFER = struct.Struct(">qqhqqqq").pack
_LOT = struct.Struct(">hqqq").pack
_NEVER = -1


def extend_chain(head: bytes, transfer: Transfer, at: datetime, lot: Lot | None = None) -> bytes:
    """The head after `transfer`; `lot` is the lot this transfer made, if it made one."""
    facts = _TRANSFER(
        transfer.organisation_id,
        transfer.seq,
        transfer.kind,
        transfer.amount,
        transfer.lot_id,
        transfer.available_after,
        _microseconds(at),
    )
    sealed = head + facts + transfer.reference.bytes
    if lot is not None:
        expires = _NEVER if lot.expires_at is None else _microseconds(lot.expires_at)
        sealed += _LOT(lot.origin, lot.amount, expires, lot.price_minor) + lot.reference.bytes
    return blake2b(sealed, digest_size=CHAIN_SIZE_BYTES).digest()


@lru_cache(maxsize=2)  # all transfers of a batch carry one instant
def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
