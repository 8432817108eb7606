"""What a browser complains about while somebody walks through pages, and whom it talks to."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

OUR_HOSTS = ("localhost", "127.0.0.1")
_OF_PAGES = "document"
_TOLD_BY_STATUS = "Failed to load resource"


class Watch:
    """`troubles` names every script error, every complaint of the browser (a breach of the page's Content Security
    Policy is one), every file that did not load and every request that left this machine.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.troubles: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("request", self._see_request)
        context.on("response", self._see_response)

    def _hear(self, message: ConsoleMessage) -> None:
        # What did not load is told by its response; that a page of ours says 404 or 422 is no trouble.
        if message.type in ("error", "warning") and not message.text.startswith(_TOLD_BY_STATUS):
            self.troubles.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _catch(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error.message}")

    def _see_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.hostname not in OUR_HOSTS:
            self.troubles.append(f"asked elsewhere: {request.url}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.request.resource_type != _OF_PAGES):
            self.troubles.append(f"{response.status}: {response.url}")
