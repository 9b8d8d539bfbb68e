"""The rating site: accounts, the rating page and what it talks to, in one web application; and listening for it."""

import asyncio
import contextlib
import socket

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.collect.accounts.people import everyone
from firsthand.collect.accounts.web import add_accounts, current_account
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.ui.api import add_api
from firsthand.collect.ui.page import add_page, mount_options
from firsthand.collect.work.targets import prepare_work
from firsthand.commandline import note, say
from firsthand.errors import InputError
from firsthand.store import Store

# Gradio's own scripts and styles are inline, and it compiles the template of gr.HTML (unsafe-eval); event handlers in
# attributes, which a text could smuggle in, never run.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def serve_store(store: Store, config: ServeConfig, host: str, port: int, notice: str = "") -> None:
    """Serve the rating site over `store` until interrupted; `port` 0 takes any free one.

    Raises InputError when the address can't be had.
    """
    listener = _listen(host, port)
    prepare_work(store, config.assignment)
    app = make_app(store, config, notice)
    shown = f"[{host}]" if ":" in host else host
    say(f"Rate at http://{shown}:{listener.getsockname()[1]}/ ; Ctrl+C stops the site, every answer is kept.")
    if not everyone(store):
        note("firsthand: nobody can log in yet: firsthand collect raters invite, or add, makes an account")
    # An open page holds an event stream; the server stops without waiting for the browser to close it.
    # Which proxies to believe is the configuration's to say (collect/accounts/headers.py).
    server = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, proxy_headers=False)
    uvicorn.Server(server).run(sockets=[listener])


def make_app(store: Store, config: ServeConfig, notice: str = "") -> FastAPI:
    """The web application: accounts, the page's routes and the rating page at /, with HEADERS on every answer.

    `notice` is a plain text that stands above the pairs.
    """
    app = FastAPI(openapi_url=None)
    add_accounts(app, store, config.login)
    add_api(app, store, config)
    page = add_page(app, notice)
    app.add_middleware(_SecureHeaders)
    gr.mount_gradio_app(app, page, path="/", auth_dependency=_person, **mount_options())
    return app


def _person(request: Request) -> str | None:
    account = current_account(request)
    return account.id if account else None


class _SecureHeaders:
    """Puts HEADERS on every answer without its own; plain ASGI, so that event streams pass through unbuffered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        # Only the server cancels: it is stopping, and an open page's event stream ends with it.
        with contextlib.suppress(asyncio.CancelledError):
            await self.app(scope, receive, send_with_headers)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"can't listen on {host}, port {port}: {error.strerror or error}; choose another --host or --port"
        ) from error
