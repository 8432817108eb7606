"""`/v1/webhook-endpoints`: added with a secret shown once, changed, tested, looked at, deleted."""

from typing import Any

import pytest

from khata.kernel.clock import utc_now
from khata.kernel.ids import uuid_from_public
from khata.tenancy.operations import create_api_key
from khata.webhooks.models import Delivery, WebhookEndpoint
from khata.webhooks.operations import CHOOSABLE, Outcome, write_outcomes
from tests.leases import claim_all_deliveries

from .program import Program

PATH = "/v1/webhook-endpoints"
BODY = {"url": "https://shop.example.com/khata", "event_types": ["top_up.paid", "message.delivered"]}


def added(program: Program, **more: Any) -> dict[str, Any]:
    answer = program.post(PATH, BODY | more)
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    return made


def attempted(program: Program, status_code: int | None, error: str = "") -> None:
    """Makes what is due now, as a worker would, with this outcome."""
    mine = set(Delivery.objects.filter(organisation_id=program.organisation_id).values_list("id", flat=True))
    claimed = [found for found in claim_all_deliveries() if found.id in mine]
    write_outcomes([Outcome(found, utc_now(), 34, status_code, error, "ok") for found in claimed])


def test_an_endpoint_is_added_and_its_secret_is_shown_only_then(program: Program) -> None:
    made = added(program, description="Shop")
    assert made.pop("secret").startswith("whsec_")
    assert made["event_types"] == ["message.delivered", "top_up.paid"]
    assert (made["status"], made["disabled_reason"], made["description"]) == ("enabled", None, "Shop")
    assert program.get(f"{PATH}/{made['id']}").json() == made
    assert program.get(PATH).json() == {"data": [made]}


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"url": "http://shop.example.com:99999/"}, "url", "not_allowed"),
        ({"url": "ftp://shop.example.com/"}, "url", "not_allowed"),
        ({"url": "https://a:b@shop.example.com/"}, "url", "not_allowed"),
        ({"url": "https://shop.example.com/" + "x" * 2_000}, "url", "not_allowed"),
        ({"url": 7}, "url", "wrong_type"),
        ({"event_types": []}, "event_types", "unknown"),
        ({"event_types": ["webhook.test"]}, "event_types", "unknown"),
        ({"event_types": "message.delivered"}, "event_types", "wrong_type"),
        ({"description": "x" * 121}, "description", "invalid"),
        ({"secret": "whsec_mine"}, "secret", "unknown_field"),
    ],
)
def test_what_cannot_be_is_refused(program: Program, more: dict[str, Any], field: str, code: str) -> None:
    problem = program.refused("POST", 422, "invalid_request", PATH, content=BODY | more)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert program.get(PATH).json() == {"data": []}


def test_there_are_at_most_ten(program: Program) -> None:
    for _ in range(10):
        added(program)
    program.refused("POST", 409, "webhook_endpoint_limit_reached", PATH, content=BODY)


def test_a_change_leaves_what_it_does_not_name(program: Program) -> None:
    made = added(program, description="Shop")
    path = f"{PATH}/{made['id']}"
    changed = program.call("PATCH", path, json={"event_types": list(CHOOSABLE)}).json()
    assert (changed["event_types"], changed["url"], changed["description"]) == (list(CHOOSABLE), BODY["url"], "Shop")
    disabled = program.call("PATCH", path, json={"status": "disabled"}).json()
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "switched_off")
    enabled = program.call("PATCH", path, json={"status": "enabled", "description": ""}).json()
    assert (enabled["status"], enabled["disabled_reason"], enabled["description"]) == ("enabled", None, "")
    program.refused("PATCH", 422, "invalid_request", path, content={"url": "nonsense"})
    program.refused("PATCH", 422, "invalid_request", path, content={"status": "gone"})


def test_a_test_event_and_what_became_of_it_are_listed(program: Program) -> None:
    made = added(program)
    path = f"{PATH}/{made['id']}"
    sent = program.post(f"{path}/test", {}).json()
    assert (sent["event_type"], sent["status"], sent["attempts"]) == ("webhook.test", "pending", [])
    assert sent["payload"]["data"]["id"] == made["id"]
    attempted(program, None, "No answer within 15 seconds.")
    (listed,) = program.get(f"{path}/deliveries").json()["data"]
    assert listed["status"] == "pending"
    assert listed["attempts"][0]["error"] == "No answer within 15 seconds."
    assert program.get(path).json()["failing_since"] is not None
    again = program.post(f"{path}/deliveries/{sent['id']}/resend", {}).json()
    assert again["webhook_id"] == sent["webhook_id"]
    attempted(program, 200)
    newest, _ = program.get(f"{path}/deliveries").json()["data"]
    assert (newest["id"], newest["status"], newest["attempts"][0]["status_code"]) == (again["id"], "delivered", 200)
    assert program.get(path).json()["failing_since"] is None


def test_deliveries_come_page_by_page(program: Program) -> None:
    path = f"{PATH}/{added(program)['id']}"
    sent = [program.post(f"{path}/test", {}).json()["id"] for _ in range(5)]
    pages = program.pages(f"{path}/deliveries", limit=2)
    assert [[row["id"] for row in page] for page in pages] == [sent[:2:-1], sent[2:0:-1], sent[:1]]


def test_a_new_secret_is_shown_once(program: Program) -> None:
    made = added(program)
    rotated = program.post(f"{PATH}/{made['id']}/secret", {})
    assert rotated.status_code == 200
    assert rotated.json()["secret"] not in ("", made["secret"])
    row = WebhookEndpoint.objects.get(id=uuid_from_public("whe", made["id"]))
    assert row.former_until is not None
    assert row.former_until > utc_now()


def test_nothing_is_sent_to_a_disabled_endpoint(program: Program) -> None:
    path = f"{PATH}/{added(program)['id']}"
    sent = program.post(f"{path}/test", {}).json()
    program.call("PATCH", path, json={"status": "disabled"})
    program.refused("POST", 409, "webhook_endpoint_disabled", f"{path}/test", content={})
    program.refused("POST", 409, "webhook_endpoint_disabled", f"{path}/deliveries/{sent['id']}/resend", content={})


def test_a_deleted_endpoint_is_gone(program: Program) -> None:
    made = added(program)
    path = f"{PATH}/{made['id']}"
    assert program.call("DELETE", path).json()["id"] == made["id"]
    assert program.get(PATH).json() == {"data": []}
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test"), ("POST", "/secret")):
        program.refused(method, 404, "not_found", path + more)


def test_another_organisations_endpoints_are_missing(program: Program, chens_program: Program) -> None:
    made = added(program)
    path = f"{PATH}/{made['id']}"
    sent = program.post(f"{path}/test", {}).json()
    assert chens_program.get(PATH).json() == {"data": []}
    calls = (
        ("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test"), ("POST", "/secret"),
        ("POST", f"/deliveries/{sent['id']}/resend"),
    )  # fmt: skip
    for method, more in calls:
        chens_program.refused(method, 404, "not_found", path + more)
    chens_program.refused("PATCH", 404, "not_found", path, content={"description": "x"})
    other = added(chens_program)
    chens_program.refused("POST", 404, "not_found", f"{PATH}/{other['id']}/deliveries/{sent['id']}/resend")
    assert program.get(path).json()["description"] == ""


def test_a_key_needs_the_scope(program: Program) -> None:
    _, program.key = create_api_key(
        organisation_id=program.organisation_id,
        name="Narrow",
        created_by=None,
        mode="test",
        scopes=("send", "read", "billing"),
    )
    assert program.refused("GET", 403, "missing_scope", PATH)["scope"] == "webhooks"
    program.refused("POST", 403, "missing_scope", PATH, content=BODY)
