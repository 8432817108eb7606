"""API Keys: shown once, never kept, dead at once when revoked."""

import re

import pytest
from django.test import Client

from khata.tenancy.errors import InvalidApiKey
from khata.tenancy.operations import authenticate_api_key, create_api_key
from khata.tenancy.queries import api_keys
from tests.conftest import World
from tests.doors.console.reading import main_text, page_of

ADDRESS = "/developers/keys/"
KEY = re.compile(r"kh_test_[0-9A-Za-z]{36}")


def test_a_new_key_is_shown_once_and_works(client: Client, world: World) -> None:
    answer = client.post(ADDRESS, {"name": "Shop server", "scopes": ["send", "read"]})
    key = page_of(answer).find(id="key-text")
    assert key is not None
    caller = authenticate_api_key(key.get_text())
    assert (caller.organisation_id, caller.scopes) == (world.organisation.id, frozenset({"send", "read"}))
    assert f"KHATA_API_KEY={key.get_text()}" in main_text(answer)
    assert f"Authorization: Bearer {key.get_text()}" in main_text(answer)
    again = client.get(ADDRESS)
    assert KEY.search(again.content.decode()) is None
    assert "Shop server" in main_text(again)


def test_a_key_is_stored_by_no_cache(client: Client) -> None:
    answers = (client.get(ADDRESS), client.post(ADDRESS, {"name": "Shop", "scopes": ["send"]}))
    assert all("no-store" in answer["Cache-Control"] for answer in answers)


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"name": "", "scopes": ["send"]}, "This field is required."),
        ({"name": "x" * 81, "scopes": ["send"]}, "at most 80 characters"),
        ({"name": "Shop"}, "This field is required."),
        ({"name": "Shop", "scopes": ["everything"]}, "not one of the available choices"),
    ],
)
def test_a_wrong_form_makes_no_key(client: Client, world: World, form: dict[str, str], complaint: str) -> None:
    answer = client.post(ADDRESS, form)
    assert answer.status_code == 422
    assert complaint in main_text(answer)
    assert api_keys(organisation_id=world.organisation.id) == []


def test_revoking_asks_first_and_then_the_key_is_dead(client: Client, world: World) -> None:
    key_id, text = create_api_key(
        organisation_id=world.organisation.id, name="Old shop", created_by=world.asha, mode="test"
    )
    address = f"{ADDRESS}{key_id}/revoke/"
    assert "Programs that use" in main_text(client.get(address))
    assert authenticate_api_key(text).api_key_id == key_id
    answer = client.post(address, follow=True)
    assert "API key “Old shop” is revoked." in main_text(answer)
    assert "Revoked" in main_text(answer)
    with pytest.raises(InvalidApiKey):
        authenticate_api_key(text)


def test_another_organisations_key_is_missing(chens_client: Client, world: World) -> None:
    key_id, text = create_api_key(organisation_id=world.organisation.id, name="Shop", created_by=None, mode="test")
    assert chens_client.get(f"{ADDRESS}{key_id}/revoke/").status_code == 404
    assert chens_client.post(f"{ADDRESS}{key_id}/revoke/").status_code == 404
    assert authenticate_api_key(text).api_key_id == key_id


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert "No API key yet. Make one below" in main_text(client.get(ADDRESS))
