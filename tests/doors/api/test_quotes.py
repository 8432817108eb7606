"""`POST /v1/quotes`: the price of a message, and nothing else."""

from typing import Any

import pytest

from khata.ledger.operations import freeze_wallet

from .program import MESSAGE, Program

PATH = "/v1/quotes"


@pytest.mark.parametrize(
    ("body", "segments", "encoding"),
    [("Hello", 1, "gsm7"), ("x" * 161, 2, "gsm7"), ("नमस्ते", 1, "ucs2"), ("x" * 1_600, 11, "gsm7")],
)
def test_a_quote_is_what_sending_costs(program: Program, body: str, segments: int, encoding: str) -> None:
    before = program.rows()
    message = MESSAGE | {"body": body}
    quote = program.post(PATH, message).json()
    assert program.rows() == before
    assert quote == {
        "segments": segments,
        "encoding": encoding,
        "credits": str(segments),
        "balance": "100",
        "sufficient": True,
    }
    sent = program.post("/v1/messages", message).json()
    assert {name: sent[name] for name in ("segments", "encoding", "credits")} == {
        name: quote[name] for name in ("segments", "encoding", "credits")
    }


def test_a_quote_says_whether_the_balance_is_enough(poor_program: Program) -> None:
    assert poor_program.post(PATH, MESSAGE).json()["sufficient"] is False


def test_a_quote_for_the_last_credit_is_sufficient(program: Program) -> None:
    for _ in range(9):
        program.post("/v1/messages", MESSAGE | {"body": "x" * 1_600})
    assert program.post(PATH, MESSAGE).json()["balance"] == "1"
    assert program.post(PATH, MESSAGE).json()["sufficient"] is True
    assert program.post(PATH, MESSAGE | {"body": "x" * 161}).json()["sufficient"] is False


def test_a_frozen_organisation_may_still_ask(program: Program) -> None:
    freeze_wallet(program.organisation_id)
    assert program.post(PATH, MESSAGE).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"to": "12"},
        {"to": "+888999999999"},
        {"body": ""},
        {"body": "x" * 1_601},
        {"from": "!"},
        {"reference": ""},
        {"metadata": {"a": "x" * 257}},
        {"to": "12", "body": ""},
        {"channel": "email"},
        {"to": 5},
        {"unknown": 1},
    ],
)
def test_a_quote_refuses_what_sending_refuses(program: Program, more: dict[str, Any]) -> None:
    quoted, sent = (program.post(path, MESSAGE | more).json() for path in (PATH, "/v1/messages"))
    assert quoted["status"] == 422
    assert quoted | {"request_id": ""} == sent | {"request_id": ""}
