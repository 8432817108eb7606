"""A person who tops up: reads the console's and the gateway's pages and sends their forms, with no script run.

top_up(ready, rupees=100)  # The whole way, with `ready` as `khata demo --json` prints it.
"""

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from bs4 import BeautifulSoup, Tag

TIMEOUT_S = 30.0


def top_up(ready: Mapping[str, str], *, rupees: int) -> dict[str, Any]:
    """Starts a top-up by the API and pays it by Netbanking; the paid top-up as the API shows it."""
    started = start_top_up(ready, rupees=rupees)
    with Payer(ready) as payer:
        payer.log_in()
        payer.pay(started["checkout_url"])
        payer.return_to_console()
    return read_top_up(ready, started["id"])


def start_top_up(ready: Mapping[str, str], *, rupees: int) -> dict[str, Any]:
    headers = _authorization(ready) | {"Idempotency-Key": uuid.uuid4().hex}
    url = f"{ready['api_url']}/top-ups"
    answer = httpx.post(url, json={"amount": f"{rupees}.00"}, headers=headers, timeout=TIMEOUT_S, trust_env=False)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def read_top_up(ready: Mapping[str, str], top_up_id: str) -> dict[str, Any]:
    url = f"{ready['api_url']}/top-ups/{top_up_id}"
    answer = httpx.get(url, headers=_authorization(ready), timeout=TIMEOUT_S, trust_env=False)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class Payer:
    """`page` is what the person sees now."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        self._ready = ready
        self._browser = httpx.Client(follow_redirects=True, timeout=TIMEOUT_S, trust_env=False)
        self.page = BeautifulSoup("", "html.parser")
        self._url = httpx.URL(ready["console_url"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._browser.close()

    @property
    def heading(self) -> str:
        found = self.page.find("h1")
        return found.get_text(" ", strip=True) if isinstance(found, Tag) else ""

    def log_in(self) -> None:
        self.open(self._ready["console_url"] + "/accounts/login/")
        self.press("Log in", login=self._ready["email"], password=self._ready["password"])

    def pay(self, checkout_url: str) -> None:
        """Up to the gateway's Payment Successful; the way back is `return_to_console`."""
        self.go_to_bank(checkout_url)
        self.press("Success")
        assert self.heading == "Payment Successful", self.page.get_text(" ", strip=True)

    def go_to_bank(self, checkout_url: str) -> None:
        """Review and pay, Netbanking, up to the bank's own page."""
        self.open(checkout_url)
        self.press("Continue to payment")
        self.press("Pay", within="#netbanking")

    def return_form(self) -> tuple[str, dict[str, str]]:
        """Where Return now leads, and what it carries."""
        form = self._form_of("Return now", "body")
        return str(form["action"]), _values(form)

    def return_to_console(self) -> None:
        answer = self.send_back()
        assert answer.status_code == 303, answer.text
        self.open(str(answer.url.join(answer.headers["location"])))

    def send_back(self) -> httpx.Response:
        """Return now, as a browser does it: a POST from another site comes without our cookies."""
        action, fields = self.return_form()
        return httpx.post(action, data=fields, timeout=TIMEOUT_S, trust_env=False)

    def open(self, url: str) -> None:
        self._show(self._browser.get(url))

    def press(self, label: str, *, within: str = "body", **fields: str) -> None:
        """Sends the form of the button with this text, as the page filled it except for `fields`."""
        form = self._form_of(label, within)
        data = _values(form) | fields
        button = _button(form, label)
        if button is not None and button.get("name"):
            data[str(button["name"])] = str(button["value"])
        self._show(self._browser.post(self._url.join(str(form.get("action", ""))), data=data))

    def check_again(self, top_up_id: str) -> int:
        """The button of a payment's page, whatever page is open now; the status. Many threads may press it at once."""
        token = self.page.find("input", attrs={"name": "csrfmiddlewaretoken"})
        assert isinstance(token, Tag), f"no form of ours on {self._url}"
        url = f"{self._ready['console_url']}/billing/payments/{top_up_id}/check/"
        return self._browser.post(url, data={"csrfmiddlewaretoken": str(token["value"])}).status_code

    def _form_of(self, label: str, within: str) -> Tag:
        area = self.page.select_one(within)
        forms = area.find_all("form") if area else []
        form = next((form for form in forms if _button(form, label) is not None), None)
        assert form is not None, f"no button {label!r} on {self._url}: {self.page.get_text(' ', strip=True)}"
        return form

    def _show(self, response: httpx.Response) -> None:
        assert response.status_code == 200, f"{response.status_code} from {response.url}: {response.text}"
        self._url = response.url
        self.page = BeautifulSoup(response.text, "html.parser")


def _button(form: Tag, label: str) -> Tag | None:
    return next((button for button in form.find_all("button") if button.get_text(" ", strip=True) == label), None)


def _values(form: Tag) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in form.find_all("input"):
        is_left_out = field.get("type") in ("radio", "checkbox") and not field.has_attr("checked")
        if not is_left_out and field.get("name"):
            values[str(field["name"])] = str(field.get("value", ""))
    for select in form.find_all("select"):
        chosen = select.find("option", selected=True) or select.find("option")
        assert isinstance(chosen, Tag)
        values[str(select["name"])] = str(chosen["value"])
    return values


def _authorization(ready: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {ready['api_key']}"}
