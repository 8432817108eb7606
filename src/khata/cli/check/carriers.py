"""The carriers, as running workers see them; where no worker runs, nothing is known of them."""

from collections.abc import Iterator
from typing import Any


def bound(environment: Any) -> Iterator[str]:
    # Django's models cannot be imported before it is set up.
    from khata.carriers.registry import carrier_names
    from khata.messaging.figures import carrier_standings

    standings = carrier_standings()
    for name in carrier_names() if standings else ():
        standing = standings.get(name)
        if standing is None:
            yield f"The carrier {name} is not served: restart the workers, they do not know it yet."
        elif not standing.bound_count:
            yield f"The carrier {name} takes no messages: {standing.detail}."
