"""Sending limits on the Settings page."""

import pytest
from django.test import Client

from khata.messaging.operations import SendRequest, SpendCapReached, send_message
from khata.tenancy.models import ApiKey, Organisation
from tests.conftest import World


def test_an_owner_sets_a_cap_and_it_stops_sending(client: Client, world: World) -> None:
    client.force_login(world.asha)
    typed = {"messages_per_minute_max": "", "credits_per_day_max": "0.5", "credits_per_month_max": "1,000"}
    page = client.post("/settings/limits/", typed, follow=True)
    assert "Sending limits are changed" in page.content.decode()
    assert 'value="0.5"' in page.content.decode()
    organisation = Organisation.objects.get(id=world.organisation.id)
    assert (organisation.credits_per_day_max, organisation.credits_per_month_max) == (500_000, 1_000_000_000)
    with pytest.raises(SpendCapReached, match="a day"):
        send_message(organisation_id=world.organisation.id, request=SendRequest("+919812345678", "Hello"))


def test_a_wrong_limit_is_explained_and_changes_nothing(client: Client, world: World) -> None:
    client.force_login(world.asha)
    typed = {"messages_per_minute_max": "0", "credits_per_day_max": "lots", "credits_per_month_max": ""}
    page = client.post("/settings/limits/", typed)
    assert page.status_code == 422
    assert "Enter credits as a number" in page.content.decode()
    assert Organisation.objects.get(id=world.organisation.id).messages_per_minute_max is None


def test_a_member_who_is_no_owner_changes_nothing(client: Client, world: World) -> None:
    client.force_login(world.bilal)
    assert client.post("/settings/limits/", {"messages_per_minute_max": "5"}).status_code == 403
    assert Organisation.objects.get(id=world.organisation.id).messages_per_minute_max is None


def test_a_key_can_be_made_with_a_rate_of_its_own(client: Client, world: World) -> None:
    client.force_login(world.asha)
    client.post("/developers/keys/", {"name": "slow", "scopes": ["send"], "messages_per_minute_max": "30"})
    assert ApiKey.objects.get(organisation=world.organisation, name="slow").messages_per_minute_max == 30
    assert "30 a minute" in client.get("/developers/keys/").content.decode()
