"""Templates and Senders: what is registered, tried, imported, retired, and sent by."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from khata.messaging import queries, template_queries
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import Message
from khata.messaging.operations import TemplateToAdd, add_sender, add_template, change_registration, retire_template
from khata.messaging.template_queries import TemplateRow
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text, page_of, text_of, value_of

LIST, SENDERS, NEW, IMPORT, TEST = (
    f"/templates/{each}" for each in ("", "senders/", "new/", "import/", "test/")
)  # fmt: skip
ENTITY = "1101172974420810001"
OTP = TemplateToAdd("1107161234567890001", "Code", "ACMEIN", "service_implicit", "{#numeric#} is your code for {#var#}")
WRONG = {"template_ref": "12", "name": "x", "sender": "ACMEIN", "category": "promotional", "text": "x"}
PAGES = (LIST, SENDERS, NEW, IMPORT, TEST)
Give = Callable[[int, int], None]


@pytest.fixture
def otp(organisation: Organisation) -> TemplateRow:
    """ACME's template; checks are on."""
    change_registration(organisation_id=organisation.id, entity_ref=ENTITY, is_checked=True)
    add_sender(organisation_id=organisation.id, name=OTP.sender)
    id_ = add_template(organisation_id=organisation.id, template=OTP)
    return template_queries.template(organisation_id=organisation.id, template_id=id_)


def address(template: TemplateRow) -> str:
    return f"{LIST}{template.public_id}/"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_keeps_the_houses_rules(client: Client, otp: TemplateRow, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    found = page_of(answer)
    assert len(found("h1")) == 1
    assert found.find(style=True) is None
    assert found.find("nav", id="nav").find("a", href=LIST)["aria-current"]  # type: ignore[union-attr, index]
    labelled = {str(label["for"]) for label in found("label", attrs={"for": True})}
    fields = [
        field for field in found(["input", "select", "textarea"]) if field.get("type") not in ("hidden", "submit")
    ]
    assert [field for field in fields if field.get("id") not in labelled and not field.find_parent("label")] == []


def test_the_way_from_nothing_to_a_template_is_shown(client: Client, organisation: Organisation) -> None:
    assert "Begin with its number and its senders. Set up senders" in main_text(client.get(LIST))
    assert "No sender yet" in main_text(client.get(SENDERS))
    saved = client.post(SENDERS, {"entity_ref": ENTITY, "is_checked": "on"}, follow=True)
    assert "Saved, in force from the next message on." in main_text(saved)
    added = client.post(f"{SENDERS}add/", {"name": "ACMEIN"}, follow=True)
    assert "ACMEIN is added." in main_text(added)
    assert "No template yet." in main_text(client.get(LIST))
    form = {
        "template_ref": OTP.template_ref,
        "name": OTP.name,
        "sender": "ACMEIN",
        "category": OTP.category,
        "text": OTP.text,
    }
    made = client.post(NEW, form, follow=True)
    assert "The template is added." in main_text(made)
    assert "{#numeric#} is your code for {#var#}" in main_text(made)
    assert template_queries.registration(organisation_id=organisation.id).is_checked


def test_the_list_is_narrowed_by_state_and_sender(client: Client, otp: TemplateRow) -> None:
    assert "Code" in main_text(client.get(f"{LIST}?state=in_use&sender=ACMEIN"))
    narrowed = main_text(client.get(f"{LIST}?state=retired"))
    assert "No templates like this. Clear filters" in narrowed
    assert "No older templates" in main_text(client.get(f"{LIST}?before=00000000-0000-7000-8000-000000000000"))


@pytest.mark.parametrize("query", ["state=none", "sender=NOBODY", "sender=%00"])
def test_what_is_not_offered_narrows_nothing(client: Client, otp: TemplateRow, query: str) -> None:
    assert OTP.template_ref in main_text(client.get(f"{LIST}?{query}"))


def test_retiring_asks_first(client: Client, organisation: Organisation, otp: TemplateRow) -> None:
    assert "Texts do not match it any more" in main_text(client.get(f"{address(otp)}retire/"))
    assert template_queries.templates_in_use(organisation_id=organisation.id) == [otp]
    retired = client.post(f"{address(otp)}retire/", follow=True)
    assert "The template is retired." in main_text(retired)
    assert template_queries.templates_in_use(organisation_id=organisation.id) == []


def test_another_organisations_templates_are_missing(chens_client: Client, otp: TemplateRow) -> None:
    addresses = (address(otp), f"{address(otp)}retire/", f"/send/sms/?template={otp.public_id}")
    assert [chens_client.get(each).status_code for each in addresses] == [404, 404, 404]
    assert chens_client.post(f"{SENDERS}remove/", {"name": "ACMEIN"}).status_code == 404


def test_only_an_owner_changes_the_registration(bilals_client: Client, organisation: Organisation) -> None:
    refused = bilals_client.post(SENDERS, {"entity_ref": ENTITY})
    assert refused.status_code == 403
    assert template_queries.registration(organisation_id=organisation.id).entity_ref == ""
    assert "Ask an owner: Asha" in main_text(bilals_client.get(SENDERS))


@pytest.mark.parametrize(
    ("page", "form", "complaint"),
    [
        (SENDERS, {"entity_ref": "12"}, "12 to 20 digits"),
        (SENDERS, {}, "This field is required."),
        (f"{SENDERS}add/", {"name": "A1"}, "3 to 6 letters"),
        (
            NEW,
            {"template_ref": "12", "name": "x", "sender": "ACMEIN", "category": "promotional", "text": "x"},
            "6 digits",
        ),
        (NEW, {"sender": "NOBODY"}, "not one of the available choices"),
        (TEST, {}, "This field is required."),
        (IMPORT, {}, "This field is required."),
    ],
)
def test_a_wrong_form_says_why(
    client: Client, otp: TemplateRow, page: str, form: dict[str, str], complaint: str
) -> None:
    answer = client.post(page, form)
    assert answer.status_code == 422
    assert complaint in main_text(answer)


def test_a_sender_with_templates_stays(client: Client, organisation: Organisation, otp: TemplateRow) -> None:
    answer = client.post(f"{SENDERS}remove/", {"name": "ACMEIN"}, follow=True)
    assert "Templates in use go by ACMEIN. Retire them first." in main_text(answer)
    retire_template(organisation_id=organisation.id, template_id=otp.id)
    assert "ACMEIN is removed." in main_text(client.post(f"{SENDERS}remove/", {"name": "ACMEIN"}, follow=True))


@pytest.mark.parametrize("name", ["", "NOBODY", "\0"])
def test_a_sender_that_is_none_cannot_be_removed(client: Client, name: str) -> None:
    assert client.post(f"{SENDERS}remove/", {"name": name}).status_code == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("481516 is your code for ACME", "It matches Code . {#numeric#} is your code for {#var#} Sender ACMEIN"),
        ("481516 is your code for ACME", "Variable 1 481516 Variable 2 ACME"),
        ("x is your code for ACME", "It matches no template. Variable 1 {#numeric#} is “x”, not digits only."),
    ],
)
def test_a_text_is_tried(client: Client, otp: TemplateRow, text: str, words: str) -> None:
    assert words in main_text(client.post(TEST, {"text": text}))


def test_without_templates_there_is_nothing_to_try(client: Client) -> None:
    assert "No template is in use." in main_text(client.post(TEST, {"text": "Hello"}))


def test_a_list_is_imported_and_wrong_lines_are_told(client: Client, otp: TemplateRow) -> None:
    content = (
        "template_number,name,sender,category,text\n1107161234567890002,Bill,ACMEIN,transactional,Pay {#var#}\n1,,,,\n"
    )
    answer = client.post(IMPORT, {"file": SimpleUploadedFile("list.csv", content.encode())})
    words = main_text(answer)
    assert "1 template added, 1 line not" in words
    assert "3 A template's number has 12 to 20 digits" in words


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"\xff\xfe", "not in UTF-8"), (b"a,b\n", "there must be one called template_number"), (b" " * 1_048_577, "1 MB")],
    ids=["encoding", "columns", "size"],
)
def test_a_file_that_cannot_be_read_is_refused(
    client: Client, otp: TemplateRow, content: bytes, complaint: str
) -> None:
    answer = client.post(IMPORT, {"file": SimpleUploadedFile("list.csv", content)})
    assert answer.status_code == 422
    assert complaint in main_text(answer)


def typed(template: TemplateRow, **more: str) -> dict[str, str]:
    return {
        "recipients": "+91 98765 43210",
        "template": template.public_id,
        "value_1": "481516",
        "value_2": "ACME",
        "token": uuid4().hex,
        "action": "send",
    } | more


def test_a_template_is_filled_in_and_sent(
    client: Client, organisation: Organisation, otp: TemplateRow, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    page = client.get(f"/send/sms/?template={otp.public_id}")
    assert "{#numeric#} is your code for {#var#} Variable 1 Digits only, at most 40 characters." in main_text(page)
    assert value_of(page, "value_1") == ""
    answer = client.post("/send/sms/", typed(otp), follow=True)
    (message,) = queries.messages(organisation_id=organisation.id).rows
    assert message.body == "481516 is your code for ACME"
    assert "Sender ACMEIN" in main_text(answer)


def test_a_message_outside_its_hours_says_what_it_waits_for(
    client: Client, organisation: Organisation, otp: TemplateRow, give_credits: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khata.messaging.core.send_window.SendWindow.is_open", lambda *_: False)
    give_credits(organisation.id, 10)
    add_sender(organisation_id=organisation.id, name="112233")
    sale = TemplateToAdd("1107161234567890004", "Sale", "112233", "promotional", "Sale at {#var#}")
    template = template_queries.template(
        organisation_id=organisation.id, template_id=add_template(organisation_id=organisation.id, template=sale)
    )
    assert "go out from 10:00 to 21:00 Indian time" in main_text(client.get(address(template)))
    answer = client.post("/send/sms/", typed(template, value_1="ACME"), follow=True)
    assert "It waits for 10:00 IST: such messages go out only by day." in main_text(answer)
    assert "Template Show it" in main_text(answer)


def test_the_cost_is_told_while_values_are_written(client: Client, otp: TemplateRow) -> None:
    words = text_of(client.post("/send/sms/quote/", typed(otp, value_2="₹")))
    assert "ACMEIN sends: 481516 is your code for ₹" in words
    assert "Unicode because of ₹" in words


def test_a_value_that_does_not_fit_is_told_beside_it(client: Client, otp: TemplateRow) -> None:
    answer = client.post("/send/sms/", typed(otp, value_1="x", value_2="y" * 31))
    assert answer.status_code == 422
    assert "It is “x”, not digits only." in main_text(answer)
    assert "It has 31 characters; at most 30 are allowed." in main_text(answer)
    assert value_of(answer, "value_1") == "x"


def test_a_draft_by_a_template_waits_for_credits(client: Client, otp: TemplateRow) -> None:
    assert client.post("/send/sms/", typed(otp)).status_code == 402
    assert value_of(client.get("/send/sms/"), "value_1") == "481516"
    assert value_of(client.get("/send/sms/?template="), "body") == ""


def test_a_free_text_that_matches_nothing_is_told_what_differs(
    client: Client, organisation: Organisation, otp: TemplateRow, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    assert "Messages to India must match one of your templates ." in main_text(client.get("/send/sms/"))
    answer = client.post(
        "/send/sms/", {"recipients": "+91 98765 43210", "body": "Your code: 1", "token": "1", "action": "send"}
    )
    assert answer.status_code == 422
    assert f"Nearest is template {OTP.template_ref}." in main_text(answer)


def test_logs_say_why_a_message_did_not_arrive(
    client: Client, organisation: Organisation, otp: TemplateRow, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    client.post("/send/sms/", typed(otp))
    (message,) = queries.messages(organisation_id=organisation.id).rows
    Message.objects.filter(id=message.id).update(
        status=MessageStatus.UNDELIVERED, error_code="635", error_detail="The carrier could not deliver the message."
    )
    assert "A variable of the template is too long." in main_text(client.get("/logs/"))
    assert "635 A variable of the template is too long." in main_text(
        client.get(f"/logs/messages/{message.public_id}/")
    )


def test_a_retired_template_is_offered_no_more(client: Client, organisation: Organisation, otp: TemplateRow) -> None:
    retire_template(organisation_id=organisation.id, template_id=otp.id)
    page = client.get(f"/send/sms/?template={otp.public_id}")
    assert value_of(page, "body") == ""
    assert page_of(page).find(id="template") is None
