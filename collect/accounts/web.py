"""Logging in, logging out and accepting an invitation in a browser.

`add_accounts` puts all of it on an application; any handler then asks `current_account` who is there.
"""

import os
import unicodedata
from typing import Annotated
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, HTTPException, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from firsthand.collect.accounts.account import Account, Role
from firsthand.collect.accounts.door import OPEN_PATHS, Door, Doorkeeper, cookie_name, is_secure
from firsthand.collect.accounts.headers import NAMED_BY_PROXY, TrustedProxies
from firsthand.collect.accounts.invitations import accept, invited
from firsthand.collect.accounts.login import LoginRefusedError, log_in
from firsthand.collect.accounts.pages import page
from firsthand.collect.accounts.passwords import LONGEST, SHORTEST
from firsthand.collect.accounts.people import end_sessions
from firsthand.collect.accounts.sessions import open_sessions
from firsthand.collect.serve_config import Login
from firsthand.errors import InputError
from firsthand.store import Store
from firsthand.store.secret import store_secret

LARGEST_FORM = 16_384
"""Bytes."""
PASSWORDS_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
"""Each takes a processor for some 50 ms, and 19 MiB."""

router = APIRouter()


def add_accounts(app: FastAPI, store: Store, login: Login) -> None:
    """Put the accounts of `store` before `app`: call it before the page is mounted at /.

    Adds /login, /logout and /invite/TOKEN; sends a visitor without an account to /login; refuses (403) every request
    but GET, HEAD and OPTIONS that does not come from a page of the site itself; answers 503 where the store is away.
    """
    sessions = open_sessions(store_secret(store.engine), login.session_hours)
    app.include_router(router)
    app.add_middleware(Doorkeeper, Door(store, login, sessions, CapacityLimiter(PASSWORDS_AT_ONCE)))
    app.add_middleware(TrustedProxies, login)


def current_account(request: HTTPConnection) -> Account | None:
    """The account that the request comes from, as it is now in the store; None where nobody is logged in.

    A paused person has one too (`may_rate` is false then). One read of the store by its key.
    """
    return _door(request).account_of(request)


@router.get("/login")
def show_login(request: Request, goal: Annotated[str, Query(alias="next")] = "") -> Response:
    """The form, or the way on for someone who is logged in."""
    account = current_account(request)
    if account:
        return RedirectResponse(_after_login(account, goal), status_code=303)
    return _login_page(request, goal)


@router.post("/login")
async def send_login(request: Request) -> Response:
    """Log in: on to the page asked for, or the form again with what was wrong."""
    form = await _form(request)
    door, who, goal = _door(request), form.get("login", ""), form.get("next", "")
    password, address = form.get("password", ""), request.client.host if request.client else ""
    try:
        account = await to_thread.run_sync(log_in, door.store, door.login, who, password, address, limiter=door.limiter)
    except LoginRefusedError as error:
        headers = {"Retry-After": str(error.wait)} if error.wait else {}
        return _login_page(request, goal, 429 if error.wait else 401, headers, str(error), who)
    return _enter(request, account, goal)


@router.get("/logout")
def show_logout(request: Request) -> Response:
    """Ask before the sessions end."""
    if request.scope.get(NAMED_BY_PROXY):
        return page("message.html", title="Log out", text="Your organisation's proxy logged you in: log out there.")
    return page("logout.html")


@router.post("/logout")
def send_logout(request: Request) -> Response:
    """End the person's sessions, on every device: a copied cookie is worth nothing afterwards."""
    account = current_account(request)
    if account:
        end_sessions(_door(request).store, account.id, account.id)
    response = page("message.html", title="Logged out", text="You are logged out. What you have rated is kept.")
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return response


@router.get("/invite/{token}")
def show_invitation(request: Request, token: str) -> Response:
    """The form that sets a password; looking at it does not use the invitation up."""
    account = invited(_door(request).store, token)
    return _no_invitation() if account is None else _invitation_page(account)


@router.post("/invite/{token}")
async def send_invitation(request: Request, token: str) -> Response:
    """Accept the invitation and log in, or show the form again with what was wrong."""
    form = await _form(request)
    door = _door(request)
    account = await run_in_threadpool(invited, door.store, token)
    if account is None:
        return _no_invitation()
    password, login = form.get("password", ""), form.get("login", "")
    if password != form.get("again"):
        return _invitation_page(account, 422, "The two passwords differ.", login)
    try:
        account = await to_thread.run_sync(accept, door.store, token, password, login, limiter=door.limiter)
    except InputError as error:
        return _invitation_page(account, 422, f"{str(error)[:1].upper()}{str(error)[1:]}.", login)
    return _enter(request, account, "")


def _login_page(
    request: Request,
    goal: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    error: str = "",
    login: str = "",
) -> Response:
    named = request.scope.get(NAMED_BY_PROXY)
    return page("login.html", status, headers, error=error, login=login, next=goal, named=named)


def _invitation_page(account: Account, status: int = 200, error: str = "", login: str = "") -> Response:
    return page(
        "invite.html",
        status,
        error=error,
        login=account.login or login,
        known=account.login is not None,
        shortest=SHORTEST,
        longest=LONGEST,
    )


def _no_invitation() -> Response:
    text = "This invitation was used already, or has run out. Ask whoever sent it for a new one."
    return page("message.html", 410, title="No invitation", text=text)


def _enter(request: Request, account: Account, goal: str) -> Response:
    door = _door(request)
    response = RedirectResponse(_after_login(account, goal), status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        cookie_name(request),
        door.sessions.seal(account),
        max_age=round(door.sessions.length.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


def _after_login(account: Account, goal: str) -> str:
    """Where to go: `goal` where it is a page of this site, else the person's first page."""
    is_path = goal.startswith("/") and not goal.startswith(("//", "/\\", *OPEN_PATHS))
    if is_path and all(unicodedata.category(letter)[0] != "C" for letter in goal):
        return goal
    return "/admin" if account.role is Role.AUDITOR else "/"


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; raises HTTPException where it is larger than any of ours can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, f"the form is larger than {LARGEST_FORM:,} bytes")
    return dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _door(request: HTTPConnection) -> Door:
    door: Door = request.state.door
    return door
