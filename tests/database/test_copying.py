"""Rows by COPY: taken in as they are made, nothing for none, and gone with the transaction that made them."""

import uuid
from collections.abc import Iterator
from datetime import datetime

import pytest

from khata.kernel.clock import utc_now
from khata.kernel.copying import copy_rows
from khata.kernel.transactions import in_transaction
from khata.messaging.models import ParkedReceipt

_COPY = """
    copy messaging_parkedreceipt (carrier, carrier_ref, state, error_code, raw, received_at) from stdin (format binary)
"""
_TYPES = ("text", "text", "text", "text", "text", "timestamptz")

Row = tuple[str, str, str, str, str, datetime]


@pytest.fixture
def carrier() -> str:
    """Nobody else's."""
    return uuid.uuid4().hex


def row(carrier: str, ref: str) -> Row:
    return carrier, ref, "delivered", "000", "", utc_now()


def refs(carrier: str) -> list[str]:
    return list(ParkedReceipt.objects.filter(carrier=carrier).order_by("id").values_list("carrier_ref", flat=True))


def test_rows_arrive_in_order_whatever_makes_them(carrier: str) -> None:
    with in_transaction() as connection:
        copy_rows(connection, _COPY, _TYPES, (row(carrier, ref) for ref in ("one", "zwölf", "तीन")))
    assert refs(carrier) == ["one", "zwölf", "तीन"]


def test_no_rows_ask_the_database_nothing() -> None:
    with in_transaction() as connection:
        copy_rows(connection, "this is no statement", _TYPES, iter(()))


def test_a_row_that_cannot_be_made_leaves_none(carrier: str) -> None:
    def rows() -> Iterator[Row]:
        yield row(carrier, "one")
        raise LookupError

    with pytest.raises(LookupError), in_transaction() as connection:
        copy_rows(connection, _COPY, _TYPES, rows())
    assert refs(carrier) == []
