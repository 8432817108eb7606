"""The database as its owner: what tests may do by hand and Khata's processes may not."""

import os
from typing import Any

import psycopg


def owner_connection() -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["KHATA_DATABASE_OWNER_URL"])
