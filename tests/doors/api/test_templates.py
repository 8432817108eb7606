"""`/v1/templates`, and messages that must match one."""

import pytest

from khata.messaging.models import Message
from khata.messaging.operations import add_sender, change_registration

from .program import TO, Program

NEW = {
    "template_number": "1107161234567890001",
    "name": "Sign-in code",
    "from": "ACMEIN",
    "category": "service_implicit",
    "text": "{#numeric#} is your code for {#var#}",
}
CODE = "481516 is your code for ACME"


@pytest.fixture
def registered(program: Program) -> Program:
    change_registration(organisation_id=program.organisation_id, entity_ref="1101172974420810001", is_checked=True)
    add_sender(organisation_id=program.organisation_id, name="ACMEIN")
    return program


def test_a_template_is_added_and_read(registered: Program) -> None:
    made = registered.post("/v1/templates", NEW)
    assert made.status_code == 201
    template = made.json()
    assert template | NEW == template
    assert (template["variables"], template["retired_at"]) == (["numeric", "var"], None)
    assert registered.get(made.headers["location"]).json() == template
    assert registered.get("/v1/templates").json() == {"data": [template], "next_cursor": None}


def test_pages_go_on_where_they_ended(registered: Program) -> None:
    for digit in "123":
        assert registered.post("/v1/templates", NEW | {"template_number": "11071612345678" + digit}).status_code == 201
    pages = registered.pages("/v1/templates", limit=2)
    assert [[template["template_number"][-1] for template in page] for page in pages] == [["3", "2"], ["1"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"template_number": "12"}, "template_number"),
        ({"name": ""}, "name"),
        ({"from": "NOBODY"}, "from"),
        ({"category": "other"}, "category"),
        ({"text": "Hello {#name#}"}, "text"),
    ],
)
def test_a_wrong_template_is_refused_by_field(registered: Program, change: dict[str, str], field: str) -> None:
    problem = registered.refused("POST", 422, "invalid_request", "/v1/templates", content=NEW | change)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_another_organisations_template_is_missing(registered: Program, chens_program: Program) -> None:
    path = registered.post("/v1/templates", NEW).headers["location"]
    chens_program.refused("GET", 404, "not_found", path)
    chens_program.refused("GET", 404, "not_found", "/v1/templates/tpl_1")
    assert chens_program.get("/v1/templates").json()["data"] == []


def test_a_message_that_matches_no_template_is_told_where_it_differs(registered: Program) -> None:
    registered.post("/v1/templates", NEW)
    problem = registered.refused(
        "POST", 422, "template_not_matched", "/v1/messages", content={"to": TO, "body": "481516 is the code for ACME"}
    )
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("body", "text_differs")
    assert "where the template says “your code for ”" in error["detail"]


def test_a_message_may_name_its_template(registered: Program) -> None:
    registered.post("/v1/templates", NEW)
    message = {"to": TO, "body": CODE, "template": NEW["template_number"]}
    sent = registered.post("/v1/messages", message)
    assert sent.status_code == 202
    assert registered.get(f"/v1/messages/{sent.json()['id']}").json()["from"] == "ACMEIN"
    problem = registered.refused(
        "POST", 422, "template_not_matched", "/v1/messages", content=message | {"template": "1"}
    )
    assert problem["errors"][0]["field"] == "template"


def test_each_message_of_a_batch_is_matched(registered: Program) -> None:
    registered.post("/v1/templates", NEW)
    messages = [{"to": TO, "body": CODE}, {"to": TO, "body": "Hello"}]
    answer = registered.post("/v1/messages/batch", {"messages": messages}).json()
    assert (answer["accepted"], answer["results"][1]["code"]) == (1, "template_not_matched")
    broadcast = {"to": [TO, TO], "body": CODE, "template": NEW["template_number"]}
    assert registered.post("/v1/messages/batch", broadcast).json()["accepted"] == 2
    assert Message.objects.filter(organisation_id=registered.organisation_id, sender="ACMEIN").count() == 3
    problem = registered.refused(
        "POST", 422, "invalid_request", "/v1/messages/batch", content={"messages": messages, "all_or_nothing": True}
    )
    assert problem["errors"][0]["field"] == "messages[1].body"


def test_a_quote_refuses_what_sending_would(registered: Program) -> None:
    registered.post("/v1/templates", NEW)
    assert registered.post("/v1/quotes", {"to": TO, "body": CODE}).json()["credits"] == "1"
    registered.refused("POST", 422, "template_not_matched", "/v1/quotes", content={"to": TO, "body": "Hello"})
