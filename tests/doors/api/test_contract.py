"""Requests made up from our own OpenAPI document, good ones and bad ones: what is answered stands in the document.

Held against it: status, content type, headers and schema of every answer, and that what it forbids is refused. Nothing
may end in a slip of ours.
"""

from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from khata.api.reference.document import openapi_document
from khata.site.asgi import application

from .program import MESSAGE, Program
from .test_top_ups import begin

pytestmark = pytest.mark.usefixtures("sandbox_gateway")

EXAMPLES_COUNT = 100
"""A call. The same requests every time, so that a failure is about the change under test."""
REFUSED = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429)
"""What may answer a request the document forbids: a text that is too long may make the whole body so."""


async def running(scope: Any, receive: Any, send: Any) -> None:
    """The application without its start and stop, which the client plays around every request: this process goes on."""
    if scope["type"] != "lifespan":
        await application(scope, receive, send)
        return
    for told in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{told}.complete"})


def made_up_from(document: dict[str, Any]) -> OpenApiSchema:
    """All but the key: every request brings a good one (test_keys.py brings the bad ones)."""
    checks = {"negative_data_rejection": {"expected-statuses": list(map(str, REFUSED))}}
    made = schemathesis.openapi.from_dict(
        {name: part for name, part in document.items() if name != "security"},
        config=SchemathesisConfig.from_dict({"checks": checks}),
    )
    made.app = running
    return made


schema = made_up_from(openapi_document())


@schema.parametrize()
@settings(max_examples=EXAMPLES_COUNT, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_stands_in_the_document(program: Program, case: schemathesis.Case[Any]) -> None:
    # A text of the right length is not yet a number that exists: good requests may be refused.
    case.call_and_validate(headers=headers(program), excluded_checks=[positive_data_acceptance])


@pytest.mark.parametrize("operation_id", ["read_a_message", "read_a_top_up"])
def test_what_exists_is_read_as_the_document_says(program: Program, operation_id: str) -> None:
    """Made-up ids are never found."""
    ids = {
        "message_id": program.post("/v1/messages", MESSAGE).json()["id"],
        "top_up_id": begin(program).json()["id"],
    }
    operation = schema.find_operation_by_id(operation_id)
    (parameter,) = (parameter.name for parameter in operation.path_parameters)
    case = operation.Case(path_parameters={parameter: ids[parameter]})
    assert case.call_and_validate(headers=headers(program)).status_code == 200


def test_an_answer_the_document_does_not_have_is_noticed(program: Program) -> None:
    document = deepcopy(openapi_document())
    del document["paths"]["/v1/balance"]["get"]["responses"]["401"]
    case = made_up_from(document)["/v1/balance"]["GET"].Case()
    assert case.call_and_validate(headers=headers(program)).status_code == 200
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        case.call_and_validate(headers={"Authorization": "Bearer x"})


def headers(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.key}"}
