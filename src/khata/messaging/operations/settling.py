"""Settling the messages of many organisations at once: a wallet that cannot be written holds up no others."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import psycopg

from khata.kernel.transactions import in_transaction
from khata.messaging.rows import Connection

logger = logging.getLogger(__name__)

Key = tuple[int, UUID]
"""A message's organisation and its id."""
AnyKey = TypeVar("AnyKey", Key, tuple[int, int])
"""What is settled, its organisation first."""


def settle_each(keys: Sequence[AnyKey], settle: Callable[[Connection, Sequence[AnyKey]], int]) -> int:
    """In one transaction; where that cannot be written, in one for each organisation. Returns how many were settled."""
    if not keys:
        return 0
    try:
        with in_transaction() as connection:
            return settle(connection, keys)
    except (psycopg.IntegrityError, LookupError):
        keys_of: defaultdict[int, list[AnyKey]] = defaultdict(list)
        for key in keys:
            keys_of[key[0]].append(key)
        if len(keys_of) > 1:
            return sum(settle_each(of_one, settle) for of_one in keys_of.values())
        logger.exception("the messages of organisation %d cannot be settled", keys[0][0])
        return 0
