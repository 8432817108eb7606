"""What an organisation registers: itself, its senders, its templates, one by one or as a list."""

import uuid

import pytest

from khata.kernel.errors import InvalidRequest, NotFound
from khata.messaging import template_queries
from khata.messaging.core.dlt import Category
from khata.messaging.operations import (
    TemplateToAdd,
    add_sender,
    add_template,
    change_registration,
    import_templates,
    remove_sender,
    retire_template,
)
from khata.messaging.operations.registered_templates import TEMPLATES_MAX
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.templates import ENTITY, OTP, register, template_id


@pytest.fixture
def registered(organisation: Organisation) -> int:
    """ACME with two templates and checks switched on."""
    register(organisation.id)
    return organisation.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"template_ref": "12345678901"}, "template_ref"),
        ({"template_ref": "110716123456789000x"}, "template_ref"),
        ({"template_ref": OTP.template_ref}, "template_ref"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"sender": "acmein"}, "sender"),
        ({"sender": "112233"}, "sender"),
        ({"category": "promotional"}, "sender"),
        ({"category": "government"}, "category"),
        ({"text": "{#var#}"}, "text"),
        ({"text": "Hello {#name#}"}, "text"),
        ({"text": "x" * 1_601}, "text"),
        ({"text": "Hello \0"}, "text"),
    ],
)
def test_a_wrong_template_is_refused_by_field(registered: int, change: dict[str, str], field: str) -> None:
    right = {"template_ref": "1107161234567890009", "name": "Hello", "sender": "ACMEIN", "category": "transactional"}
    template = TemplateToAdd(**({"text": "Hello {#var#}"} | right | change))
    with pytest.raises(InvalidRequest) as refusal:
        add_template(organisation_id=registered, template=template)
    assert [problem["field"] for problem in refusal.value.errors] == [field]


def test_an_organisation_registers_itself_first(world: World) -> None:
    with pytest.raises(InvalidRequest, match="entity number first"):
        add_template(organisation_id=world.chens_organisation.id, template=OTP)
    with pytest.raises(InvalidRequest, match="12 to 20 digits"):
        change_registration(organisation_id=world.chens_organisation.id, entity_ref="ACME", is_checked=True)


def test_a_sender_goes_only_when_no_template_goes_by_it(registered: int) -> None:
    with pytest.raises(InvalidRequest, match="Retire them first"):
        remove_sender(organisation_id=registered, name="ACMEIN")
    retire_template(organisation_id=registered, template_id=template_id(registered, OTP.template_ref))
    remove_sender(organisation_id=registered, name="ACMEIN")
    assert [sender.name for sender in template_queries.senders(organisation_id=registered)] == ["112233"]
    with pytest.raises(NotFound):
        remove_sender(organisation_id=registered, name="ACMEIN")


@pytest.mark.parametrize("name", ["", "AC", "ACMEIND", "ACME 1", "12345", "1234567", "ACMEIN\0"])
def test_a_sender_the_register_cannot_have_is_refused(registered: int, name: str) -> None:
    with pytest.raises(InvalidRequest, match="3 to 6 letters"):
        add_sender(organisation_id=registered, name=name)


def test_adding_a_sender_that_is_there_changes_nothing_however_many_there_are(
    registered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khata.messaging.operations.senders.SENDERS_MAX", 3)
    for name in ("THIRD", "ACMEIN"):
        add_sender(organisation_id=registered, name=name)
    with pytest.raises(InvalidRequest, match="3 senders already"):
        add_sender(organisation_id=registered, name="FOURTH")
    names = [sender.name for sender in template_queries.senders(organisation_id=registered)]
    assert names == ["112233", "ACMEIN", "THIRD"]


def test_a_text_no_message_can_have_is_refused_for_what_it_holds(registered: int) -> None:
    template = TemplateToAdd("1107161234567890009", "Hello", "ACMEIN", "transactional", "Hello \x1b {#var#}")
    with pytest.raises(InvalidRequest, match="control character"):
        add_template(organisation_id=registered, template=template)


def test_templates_belong_to_one_organisation(registered: int, world: World) -> None:
    mine, chens = template_id(registered, OTP.template_ref), world.chens_organisation.id
    with pytest.raises(NotFound):
        template_queries.template(organisation_id=chens, template_id=mine)
    change_registration(organisation_id=chens, entity_ref=ENTITY, is_checked=False)
    with pytest.raises(NotFound):
        retire_template(organisation_id=chens, template_id=mine)
    assert template_queries.template(organisation_id=registered, template_id=mine).retired_at is None


def test_pages_follow_each_other_newest_first(registered: int) -> None:
    first = template_queries.templates(organisation_id=registered, limit=1)
    assert first.next_cursor is not None
    second = template_queries.templates(organisation_id=registered, limit=1, before_id=uuid.UUID(first.next_cursor))
    assert [row.name for row in first.rows + second.rows] == ["Sale", "Code"]
    assert second.next_cursor is None


HEADER = "Template number,Name,Sender,Category,Text\n"


def test_a_list_is_imported_and_each_wrong_line_told(registered: int) -> None:
    content = (
        "\ufeff" + HEADER + '1107161234567890011,Bill,ACMEIN,Service-Implicit,"Bill {#var#}, due\r\non {#var#}"\r\n'
        "\r\n"
        f"{OTP.template_ref},Again,ACMEIN,transactional,Again\r\n"
        "1107161234567890011,Twice,ACMEIN,transactional,Twice\r\n"
        "short\r\n"
    )
    imported = import_templates(organisation_id=registered, content=content)
    assert imported.added_count == 1
    assert [(refused.line, len(refused.problems)) for refused in imported.refused] == [(5, 1), (6, 1), (7, 5)]
    added = template_queries.templates_in_use(organisation_id=registered)[0]
    assert (added.name, added.text, added.category) == (
        "Bill", "Bill {#var#}, due\non {#var#}", Category.SERVICE_IMPLICIT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "one called template_number, one name"),
        ("template_number,name,sender,category\n", "one called text"),
        (HEADER.replace("Text", "Name"), "one called name, one text"),
        (HEADER + '1,"a"b,c,d,e\n', "Line 2 cannot be read"),
        (HEADER + "1,a,b,c,d\n" * (TEMPLATES_MAX + 1), "at most 2,000"),
    ],
)
def test_a_list_that_cannot_be_read_adds_nothing(registered: int, content: str, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        import_templates(organisation_id=registered, content=content)
    assert len(template_queries.templates_in_use(organisation_id=registered)) == 2
