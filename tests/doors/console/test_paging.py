"""Where a page of a list begins, as its address says."""

import pytest
from django.http import QueryDict

from khata.console.paging import pager
from khata.kernel.ids import new_uuid


def test_a_page_begins_before_the_last_cursor_of_the_way_there() -> None:
    first, second = new_uuid(), new_uuid()
    assert pager(QueryDict(f"before={first}&before={second}")).before_id == second


@pytest.mark.parametrize("query", ["", "before=", "before=nonsense", "before=1", "status=sent"])
def test_a_cursor_that_is_none_of_ours_begins_at_the_newest(query: str) -> None:
    assert pager(QueryDict(query)).before_id is None
