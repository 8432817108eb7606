"""A payer with a browser that runs no scripts: reads pages, fills forms, presses buttons."""

from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from httpx import Client, Response


class Payer:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.home = client.base_url.netloc.decode()
        self.left_for = ""
        """The outside address the gateway sent the browser to."""

    def start(self, form: dict[str, str]) -> "Payer":
        self._show(self.client.post("/v1/checkout/embedded", data=form))
        return self

    def open(self, url: str) -> "Payer":
        self._show(self.client.get(url))
        return self

    def follow(self, label: str) -> "Payer":
        """A link or link-like button by its text."""
        link = next(link for link in self.page.find_all("a") if _text(link) == label)
        return self.open(str(link["href"]))

    def press(self, label: str, *, within: str = "body", **fields: str) -> "Payer":
        """Sends the form of the button with this text, as the page filled it except for `fields`."""
        area = self.page.select_one(within)
        assert area is not None, f"no {within} on this page: {self.text}"
        button = next((button for button in area.find_all("button") if _text(button) == label), None)
        assert button is not None, f"no button {label!r}: {self.text}"
        form = button.find_parent("form")
        assert isinstance(form, Tag)
        data = _values(form) | fields
        if button.get("name"):
            data[str(button["name"])] = str(button["value"])
        self._show(self.client.post(str(form["action"]), data=data))
        return self

    def return_form(self) -> tuple[str, dict[str, str]]:
        """Where 'Return now' leads, and what it carries."""
        form = self.page.select_one("#return-form")
        assert form is not None, self.text
        return str(form["action"]), _values(form)

    @property
    def text(self) -> str:
        return _text(self.page)

    @property
    def heading(self) -> str:
        found = self.page.find("h1")
        assert isinstance(found, Tag)
        return _text(found)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def _show(self, response: Response) -> None:
        while response.status_code == 303:
            target = response.headers["location"]
            if urlsplit(target).netloc not in ("", self.home):
                self.left_for = target
                return
            response = self.client.get(target)
        self.response, self.status, self.url = response, response.status_code, str(response.url)
        self.page = BeautifulSoup(response.text, "html.parser")


def _values(form: Tag) -> dict[str, str]:
    values: dict[str, Any] = {}
    for field in form.find_all("input"):
        is_left_out = field.get("type") in ("radio", "checkbox") and not field.has_attr("checked")
        if not is_left_out and field.get("name"):
            values[str(field["name"])] = str(field.get("value", ""))
    for select in form.find_all("select"):
        chosen = select.find("option", selected=True) or select.find("option")
        assert isinstance(chosen, Tag)
        values[str(select["name"])] = str(chosen["value"])
    return values


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text(" ", strip=True).split())
