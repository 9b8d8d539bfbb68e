"""Who may see the pages on people's and judges' work: admins and auditors, on every request under their addresses."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from firsthand.collect.accounts.account import Role
from firsthand.collect.accounts.pages import page
from firsthand.collect.accounts.web import current_account

READERS = (Role.ADMIN, Role.AUDITOR)


class Guard:
    """Turns everyone else away; stands behind the door of the accounts, which knows who a request comes from.

    page, actions: the addresses under which it stands, such as /admin and /api/admin.
    """

    def __init__(self, app: ASGIApp, page: str, actions: str) -> None:
        self.app = app
        self.page = page
        self.actions = actions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the application's place where the page is not for them."""
        path = scope.get("path", "")
        answer: ASGIApp = self.app
        if any(path == start or path.startswith(f"{start}/") for start in (self.page, self.actions)):
            request = HTTPConnection(scope)
            account = await run_in_threadpool(current_account, request)
            if account is None or account.role not in READERS:
                answer = _refusal(path.startswith(self.actions), is_known=account is not None)
        await answer(scope, receive, send)


def _refusal(is_action: bool, *, is_known: bool) -> Response:
    text = "This page is for admins and auditors." if is_known else "You are not logged in any more."
    status = 403 if is_known else 401
    if is_action:
        return JSONResponse({"detail": text}, status_code=status)
    return page("message.html", status, title="Not yours", text=text)
