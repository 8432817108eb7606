"""Notes of an order that are amounts: the lines a checkout shows above its total."""

import json
import re


def amount_lines(notes: str) -> list[tuple[str, int]]:
    """Names and paise: `{"Amount": "1000.00", "top_up": "top_1"}` → `[("Amount", 100000)]`."""
    named = json.loads(notes).items()
    return [
        (name, int(value.replace(".", ""))) for name, value in named if re.fullmatch(r"[0-9]{1,12}\.[0-9]{2}", value)
    ]
