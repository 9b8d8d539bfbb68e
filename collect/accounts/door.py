"""The door of a rating site: who a request comes from, and whether it may come in."""

import logging
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.collect.accounts.account import Account, State
from firsthand.collect.accounts.headers import NAMED_BY_PROXY
from firsthand.collect.accounts.pages import page
from firsthand.collect.accounts.people import by_login, get
from firsthand.collect.accounts.sessions import Sessions
from firsthand.collect.serve_config import Login
from firsthand.store import Store

OPEN_PATHS = ("/login", "/logout", "/invite/")
"""What someone without an account may open in a browser."""

UNREACHABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""A store that is locked, full, or away."""

log = logging.getLogger("firsthand")


@dataclass(frozen=True, slots=True)
class Door:
    """What telling people apart needs; `limiter` keeps passwords from taking all processors and memory."""

    store: Store
    login: Login
    sessions: Sessions
    limiter: CapacityLimiter

    def account_of(self, request: HTTPConnection) -> Account | None:
        """Whom the request comes from: by the word of a trusted proxy, else by its session; None for nobody."""
        named = request.scope.get(NAMED_BY_PROXY)
        account = self._account_of_session(request) if named is None else by_login(self.store, named)
        return None if account is None or account.state is State.REMOVED else account

    def _account_of_session(self, request: HTTPConnection) -> Account | None:
        cookie = request.cookies.get(cookie_name(request))
        opened = self.sessions.unseal(cookie) if cookie else None
        if opened is None:
            return None
        account_id, generation = opened
        account = get(self.store, account_id)
        return account if account and account.generation == generation else None


def cookie_name(request: HTTPConnection) -> str:
    """The session's cookie; behind https under a name that no neighbouring site can set."""
    return "__Host-firsthand" if is_secure(request) else "firsthand"


def is_secure(request: HTTPConnection) -> bool:
    """Whether the person's own connection is https."""
    return request.url.scheme == "https"


def is_same_origin(headers: Headers) -> bool:
    """Whether a browser says that the request comes from a page of this very site.

    Every browser says so of a POST: in Sec-Fetch-Site, or on plain http in Origin, which must name the Host asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


class Doorkeeper:
    """Refuses what another site sends, shows the way to the login, and says so when the store can't be reached."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        request.state.door = self.door
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            answer = _refusal(request) or await self._way_to_login(request) or self.app
            await answer(scope, receive, send_and_note)
        except UNREACHABLE as error:
            if started:
                raise
            log.warning("the store can't be reached: %s", error)
            await _unreachable(request)(scope, receive, send)

    async def _way_to_login(self, request: HTTPConnection) -> Response | None:
        path = request.url.path
        if not _is_visit(request) or path.startswith(OPEN_PATHS):
            return None
        if await run_in_threadpool(self.door.account_of, request):
            return None
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?next={quote(path + query)}", status_code=303)


def _refusal(request: HTTPConnection) -> Response | None:
    if request.scope["method"] in ("GET", "HEAD", "OPTIONS") or is_same_origin(request.headers):
        return None
    message = (
        "Refused: this did not come from a page of this site. (Behind a proxy: it must pass on the Host header that "
        "the browser sent.)"
    )
    return JSONResponse({"detail": message}, status_code=403)


def _unreachable(request: HTTPConnection) -> Response:
    message = "The store can't be reached. Nothing was lost; try again in a moment."
    if _is_visit(request) or request.url.path.startswith(OPEN_PATHS):
        return page("message.html", 503, title="Not now", text=message)
    return JSONResponse({"detail": message}, status_code=503)


def _is_visit(request: HTTPConnection) -> bool:
    """Whether someone opens a page, rather than a page fetching something."""
    return request.scope["method"] == "GET" and "text/html" in request.headers.get("accept", "")
