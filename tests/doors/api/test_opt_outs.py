"""`/v1/opt-outs` and `/v1/inbound-messages`: who wants no messages, and what phones said."""

import pytest

from khata.tenancy.operations import create_api_key
from tests.inbound import PHONE, number_of, phone_writes

from .program import MESSAGE, TO, Program

OTHERS = ["+919812345679", "+919812345680"]


def opt_out(program: Program, *numbers: str, reason: str = "") -> int:
    answer = program.post("/v1/opt-outs", {"to": list(numbers), "reason": reason})
    assert answer.status_code == 200
    return int(answer.json()["added"])


def listed(program: Program, query: str = "") -> list[str]:
    return [row["to"] for row in program.get(f"/v1/opt-outs{query}").json()["data"]]


def test_a_number_that_was_opted_out_is_refused_and_costs_nothing(program: Program) -> None:
    assert opt_out(program, "098123 45678", reason="asked by phone") == 1
    assert opt_out(program, TO) == 0
    (row,) = program.get("/v1/opt-outs").json()["data"]
    assert (row["to"], row["reason"]) == (TO, "asked by phone")
    program.refused("POST", 422, "recipient_opted_out", "/v1/messages", content=MESSAGE)


def test_in_a_batch_only_that_number_is_refused(program: Program) -> None:
    opt_out(program, TO)
    answer = program.post("/v1/messages/batch", {"to": [OTHERS[0], TO, OTHERS[1]], "body": "Hello"}).json()
    assert (answer["accepted"], answer["results"][1]["code"]) == (2, "recipient_opted_out")


def test_one_that_is_deleted_may_be_written_to_again(program: Program) -> None:
    opt_out(program, TO)
    (row,) = program.get("/v1/opt-outs").json()["data"]
    assert program.call("DELETE", f"/v1/opt-outs/{row['id']}").json() == row
    assert listed(program) == []
    assert program.post("/v1/messages", MESSAGE).status_code == 202
    program.refused("DELETE", 404, "not_found", f"/v1/opt-outs/{row['id']}")


def test_a_list_is_added_whole_or_not_at_all(program: Program) -> None:
    problem = program.refused(
        "POST", 422, "invalid_request", "/v1/opt-outs", content={"to": [TO, "12"], "reason": "x" * 201}
    )
    assert [error["field"] for error in problem["errors"]] == ["to[1]", "reason"]
    assert listed(program) == []


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_list_has_one_to_ten_thousand_numbers(program: Program, count: int) -> None:
    problem = program.refused("POST", 422, "invalid_request", "/v1/opt-outs", content={"to": [TO] * count})
    assert [error["field"] for error in problem["errors"]] == ["to"]


def test_pages_go_on_where_they_ended_and_can_be_narrowed(program: Program) -> None:
    for number in (TO, *OTHERS):
        opt_out(program, number)
    pages = [[row["to"] for row in page] for page in program.pages("/v1/opt-outs", limit=2)]
    assert pages == [[OTHERS[1], OTHERS[0]], [TO]]
    assert listed(program, "?prefix=%2B9198123456") == [OTHERS[1], OTHERS[0], TO]
    assert listed(program, "?prefix=%2B91981234568") == [OTHERS[1]]


@pytest.mark.parametrize("query", ["prefix=91", "prefix=%2B0", "prefix=", "cursor=opt_1", "limit=0", "to=x"])
def test_a_wrong_query_is_named(program: Program, query: str) -> None:
    problem = program.refused("GET", 422, "invalid_request", f"/v1/opt-outs?{query}")
    assert [error["field"] for error in problem["errors"]] == [query.partition("=")[0]]


def test_organisations_know_nothing_of_each_other(program: Program, chens_program: Program) -> None:
    opt_out(program, TO)
    (row,) = program.get("/v1/opt-outs").json()["data"]
    assert listed(chens_program) == []
    chens_program.refused("DELETE", 404, "not_found", f"/v1/opt-outs/{row['id']}")
    assert chens_program.post("/v1/messages", MESSAGE).status_code == 202
    phone_writes("Hello", to=number_of(program.organisation_id))
    (message,) = program.get("/v1/inbound-messages").json()["data"]
    assert chens_program.get("/v1/inbound-messages").json()["data"] == []
    chens_program.refused("GET", 404, "not_found", f"/v1/inbound-messages/{message['id']}")


def test_reading_and_changing_need_their_scopes(program: Program) -> None:
    opt_out(program, TO)
    (row,) = program.get("/v1/opt-outs").json()["data"]
    _, reading = create_api_key(
        organisation_id=program.organisation_id, name="reads", created_by=None, mode="test", scopes=("read",)
    )
    reader = Program(program.organisation_id, reading)
    assert listed(reader) == [TO]
    reader.refused("POST", 403, "missing_scope", "/v1/opt-outs", content={"to": [TO]})
    reader.refused("DELETE", 403, "missing_scope", f"/v1/opt-outs/{row['id']}")


def test_a_country_is_refused_until_it_is_allowed(program: Program) -> None:
    problem = program.refused(
        "POST", 403, "country_not_allowed", "/v1/messages", content={"to": "+9779841234567", "body": "Hello"}
    )
    assert problem["country"] == "NP"
    assert "Settings, Countries" in problem["detail"]


def test_what_a_phone_sent_is_listed_and_read(program: Program) -> None:
    ours = number_of(program.organisation_id)
    for text in ("Is the shop open?", "stop"):
        phone_writes(text, to=ours)
    stop, question = program.get("/v1/inbound-messages").json()["data"]
    assert (stop["from"], stop["to"], stop["body"], stop["keyword"]) == (PHONE, ours, "stop", "stop")
    assert (question["body"], question["keyword"]) == ("Is the shop open?", None)
    assert program.get(f"/v1/inbound-messages/{stop['id']}").json() == stop
    assert listed(program) == [PHONE]
    first = program.get("/v1/inbound-messages?limit=1").json()
    second = program.get(f"/v1/inbound-messages?limit=1&cursor={first['next_cursor']}").json()
    assert (first["data"], second["data"], second["next_cursor"]) == ([stop], [question], None)


def test_inbound_messages_of_one_phone_are_found(program: Program) -> None:
    ours = number_of(program.organisation_id)
    for phone in (PHONE, "56161"):
        phone_writes("Hello", to=ours, sender=phone)
    for query, expected in (("098765 43210", [PHONE]), ("56161", ["56161"]), ("+919812345678", [])):
        found = program.get("/v1/inbound-messages", params={"from": query}).json()["data"]
        assert [row["from"] for row in found] == expected
    program.refused("GET", 404, "not_found", "/v1/inbound-messages/inb_1")
