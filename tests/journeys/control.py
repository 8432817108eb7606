"""The far side of a payment: what banks answer while nobody pays, and time that passes."""

import sqlite3
from contextlib import closing

from playwright.sync_api import Page

from tests.faults.running_demo import RunningDemo

from . import far_money


def answer_for_bank(demo: RunningDemo, status: str) -> None:
    """The bank of the newest payment of that status says yes after all, as the gateway's control page can have it."""
    far_money.act(demo, "payments", far_money.newest_payment(demo, status), "succeed")


def let_checkout_run_out(page: Page, demo: RunningDemo) -> None:
    """Makes the time of the open checkout pass at once, at the gateway and for Khata."""
    session_id = page.url.split("/checkout/")[1].split("/")[0].split("?")[0]
    with closing(sqlite3.connect(demo.folder / "gateway" / "gateway.sqlite3")) as store:
        found = store.execute("update sessions set expires_at = 0 where id = ? returning order_id", (session_id,))
        (order_ref,) = found.fetchone()
        store.commit()
    with demo.as_owner() as connection:
        connection.execute("update billing_topup set expires_at = now() where order_ref = %s", (order_ref,))
