"""Notices are tested on one organisation's purse, which the alarms have looked at while it was empty and new."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from khata.tenancy.models import Organisation
    from tests.database.notices.purse import Purse


@pytest.fixture
def purse(organisation: "Organisation") -> "Purse":
    from khata.notices.operations import raise_alerts
    from tests.database.notices.purse import Purse

    raise_alerts()
    return Purse(organisation.id)
