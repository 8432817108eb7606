"""The operator's page of messages that are nobody's."""

from uuid import uuid4

from django.test import Client

from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text
from tests.inbound import PHONE, number_of, phone_writes

INBOUND = "/operator/inbound/"


def test_a_message_to_nobodys_number_is_shown_without_its_text(operator: Client) -> None:
    number = f"9170{uuid4().int % 10**9:09}"
    phone_writes("My secret is 4711", to=number)
    answer = operator.get(INBOUND)
    assert number in main_text(answer)
    assert "My secret" not in main_text(answer)
    assert PHONE not in answer.content.decode()
    assert "No older messages. Newest" in main_text(
        operator.get(f"{INBOUND}?before={'0' * 8}-0000-7000-8000-{'0' * 12}")
    )


def test_numbers_of_organisations_lead_to_them(operator: Client, organisation: Organisation) -> None:
    number = number_of(organisation.id)
    phone_writes("Hello", to=number)
    words = main_text(operator.get(INBOUND))
    assert words.count(number) == 1
    assert f"{number} {organisation.public_id}" in words
