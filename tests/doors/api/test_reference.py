"""What the API says about itself is what it does, in one document and on pages that need nothing else.

KHATA_REWRITE=1 writes openapi.json anew.
"""

import json
import os
import re
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from bs4 import BeautifulSoup

from khata.api.app import HANDLERS
from khata.api.reference.call import Call
from khata.api.reference.calls import GROUPS
from khata.api.reference.document import openapi_document
from khata.api.reference.fields import FIELDS, OTHER_FIELDS
from khata.api.reference.mail_fields import MAIL_FIELDS
from khata.api.reference.message_fields import MESSAGE_FIELDS
from khata.api.reference.problems import Problem, example_of, refusals
from khata.messaging.operations import add_sender, change_registration
from tests.house.project import ROOT
from tests.mails import verify_domain

from .program import Program

SNAPSHOT = ROOT / "openapi.json"
CALLS = [call for group in GROUPS.values() for call in group]
ABOUT_ITSELF = ("/v1/docs", "/v1/openapi.json")
PAGES = ["/v1/docs", "/v1/docs/errors", "/v1/docs/errors/insufficient_credits"]


def page(program: Program, path: str) -> BeautifulSoup:
    answer = program.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return BeautifulSoup(answer.text, "html.parser")


def test_the_document_in_the_project_is_the_one_that_is_served(program: Program) -> None:
    program.key = ""
    served = program.get("/v1/openapi.json")
    assert served.headers["content-type"] == "application/json"
    written = json.dumps(served.json(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("KHATA_REWRITE") == "1":
        SNAPSHOT.write_text(written)
    assert SNAPSHOT.read_text() == written, "openapi.json is out of date: KHATA_REWRITE=1 writes it"


def test_every_call_is_documented_and_every_documented_call_is_there() -> None:
    handled = {
        (method, re.sub(r":str}", "}", path))
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
        if path.startswith("/v1/") and not path.startswith(ABOUT_ITSELF)
    }
    assert {(call.method, call.path) for call in CALLS} == handled


@pytest.mark.parametrize("call", [call for call in CALLS if call.answer], ids=lambda call: f"{call.method} {call.path}")
def test_the_examples_of_a_call_are_what_it_reads_and_writes(call: Any) -> None:
    answer = msgspec.convert(call.answer_example, call.answer, strict=True)
    assert msgspec.to_builtins(answer) == call.answer_example
    for example in call.examples.values():
        assert any(fits(example, body) for body in call.bodies)
    assert bool(call.bodies) == bool(call.examples)
    assert not call.bodies or call.method in ("POST", "PATCH")


def fits(example: Any, body: Any) -> bool:
    try:
        msgspec.convert(example, body, strict=True)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.bodies and "{" not in call.path], ids=lambda call: call.path
)
@pytest.mark.usefixtures("sandbox_gateway")
def test_the_examples_of_bodies_are_accepted_as_they_stand(program: Program, call: Call) -> None:
    change_registration(organisation_id=program.organisation_id, entity_ref="1101172974420810001", is_checked=False)
    add_sender(organisation_id=program.organisation_id, name="ACMEIN")
    verify_domain(program.organisation_id, "shop.example.com")
    for title, example in call.examples.items():
        key = {"Idempotency-Key": title}
        assert program.post(call.path, example, headers=key).status_code == call.status


def test_every_name_is_described_once_and_every_description_is_of_a_name() -> None:
    assert len(FIELDS) == sum(map(len, (MESSAGE_FIELDS, MAIL_FIELDS, OTHER_FIELDS)))
    schemas = openapi_document()["components"]["schemas"]
    names = {(struct, name) for struct, schema in schemas.items() for name in schema["properties"]}
    assert {qualified if (qualified := f"{struct}.{name}") in FIELDS else name for struct, name in names} == set(FIELDS)


def test_every_error_has_an_example_that_is_a_problem_document() -> None:
    for refusal in refusals().values():
        example = example_of(refusal)
        assert msgspec.to_builtins(msgspec.convert(example, Problem, strict=True)) == example


def test_every_error_of_the_list_has_its_page_with_meaning_and_advice(program: Program) -> None:
    listed = [code.text for code in page(program, "/v1/docs/errors").select("dt a code")]
    assert listed == sorted(refusals())
    assert {"insufficient_credits", "internal_error", "method_not_allowed", "database_unavailable"} <= set(listed)
    for code in listed:
        text = page(program, f"/v1/docs/errors/{code}").select_one("main")
        assert text is not None
        for part in (code, str(refusals()[code].status), "What it means", "What to do"):
            assert part in text.text


def test_the_pages_list_what_the_errors_document_lists(program: Program) -> None:
    api_part = (ROOT / "docs/errors.md").read_text().partition("## The `khata` command")[0]
    written = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", api_part, re.MULTILINE))
    assert written == {
        code: str(refusal.status)
        for code, refusal in refusals().items()
        if code not in ("internal_error", "method_not_allowed")
    }


def test_a_refusals_type_leads_to_its_page(program: Program) -> None:
    problem = program.refused("GET", 401, "invalid_api_key", "/v1/balance", headers={"Authorization": "Bearer x"})
    assert "The API key is missing" in page(program, problem["type"]).text


def test_an_error_there_is_not_is_not_found(program: Program) -> None:
    for code in ("nope", "Not_found", "%00", "..%2f..%2fopenapi.json"):
        program.refused("GET", 404, "not_found", f"/v1/docs/errors/{code}")


def test_the_page_shows_every_call_with_its_names_and_refusals(program: Program) -> None:
    shown = page(program, "/v1/docs")
    addresses = {" ".join(code.text.split()) for code in shown.select(".address code")}
    assert addresses == {f"{call.method} {call.path}" for call in CALLS}
    for section in shown.select("main section"):
        assert section.select("pre")
        assert section.select(".codes a")
    names = {code.text for code in shown.select("dt code")}
    schemas = openapi_document()["components"]["schemas"]
    assert {name for struct, schema in schemas.items() if struct not in ("Problem", "FieldProblem")
            for name in schema["properties"]} <= {name.rpartition(".")[2] for name in names}  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_key_no_script_and_nothing_from_elsewhere(program: Program, path: str) -> None:
    program.key = ""
    shown = page(program, path)
    assert shown.find_all(["script", "img", "iframe"]) == []
    assert [link["href"] for link in shown.find_all("link")] == ["/v1/docs/reference.css"]
    assert list(shown.find_all(style=True)) == []
    assert program.get(path).headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    style = program.get("/v1/docs/reference.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


@pytest.mark.parametrize("path", PAGES)
def test_every_link_on_a_page_leads_somewhere(program: Program, path: str) -> None:
    shown = page(program, path)
    targets = {str(link["href"]) for link in shown.find_all("a")}
    ids = {str(tag["id"]) for tag in shown.find_all(id=True)}
    assert {target[1:] for target in targets if target.startswith("#")} <= ids
    for target in targets:
        if not target.startswith("#"):
            assert program.get(target).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_found_ones_way_around_in(program: Program, path: str) -> None:
    shown = page(program, path)
    html = shown.find("html")
    assert html is not None
    assert html["lang"] == "en"
    assert len(shown.find_all("h1")) == 1
    assert len(shown.find_all("main")) == 1
    levels = [int(heading.name[1]) for heading in shown.find_all(re.compile("^h[1-6]$"))]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [tag["id"] for tag in shown.find_all(id=True)]
    assert len(ids) == len(set(ids))
