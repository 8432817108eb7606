"""While the database is away the console says so, and when to come back; it does not blame itself for a slip."""

from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from khata.ledger import queries as ledger


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OperationalError("gone"), 503, "Back in a moment"),
        (ZeroDivisionError("slip"), 500, "Something went wrong"),
    ],
)
def test_a_slip_is_told_apart_from_a_database_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    def fail(**_: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(ledger, "balance", fail)
    client.raise_request_exception = False
    answer = client.get("/")
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert ("Retry-After" in answer) == (status == 503)
