"""`firsthand collect serve`: the rating page on this machine's own address, for one rater whom the server names."""

import asyncio
import contextlib
import ipaddress
import socket

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.collect.ui.page import build_page, mount_options
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


def serve_store(store: Store, host: str, port: int, rater: str, notice: str = "") -> None:
    """Serve the rating page over `store` until interrupted; `port` 0 takes any free one.

    Everyone who reaches the address rates as `rater`. Raises InputError when the address can't be had.
    """
    listener = _listen(host, port)
    app = make_app(store, rater, notice)
    shown = f"[{host}]" if ":" in host else host
    say(f"Rate at http://{shown}:{listener.getsockname()[1]}/ as {rater!r}; Ctrl+C stops the page, every vote is kept.")
    if not _is_loopback(host):
        note(f"firsthand: there is no login yet: everyone who can reach {host} rates as {rater!r}")
    # An open page holds an event stream; the server stops without waiting for the browser to close it.
    # Which proxies to believe is the configuration's to say (collect/accounts/headers.py).
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, proxy_headers=False)
    uvicorn.Server(config).run(sockets=[listener])


def make_app(store: Store, rater: str, notice: str = "") -> FastAPI:
    """The web application: the rating page at /, with HEADERS on every answer; every visitor is `rater`."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(_SecureHeaders)
    page = build_page(store, notice)
    gr.mount_gradio_app(app, page, path="/", auth_dependency=lambda _request: rater, **mount_options())
    return app


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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
