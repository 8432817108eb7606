"""Public ids of requests and answers."""

from typing import Any
from uuid import UUID

from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, public_id, uuid_from_public
from khata.kernel.pages import Page


def uuid_in_path(prefix: str, text: str) -> UUID:
    """Raises NotFound: what is no id of ours is nobody's."""
    try:
        return uuid_from_public(prefix, text)
    except NotAnId as error:
        raise NotFound from error


def cursor_after(page: Page[Any], prefix: str) -> str | None:
    """What `Query.before_id` reads again; None on the last page."""
    return None if page.next_cursor is None else public_id(prefix, UUID(page.next_cursor))
