"""Listening for a web application, and the headers that every answer of the rating site carries."""

import asyncio
import contextlib
import gc
import socket

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.collect.page_files import KEPT
from firsthand.errors import InputError

# Gradio sets styles in attributes. Scripts are the site's own files; PagePolicy lets Gradio's inline ones through.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
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
    # What one person was shown is not there for who sits down next.
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ASSETS = "/assets/"
"""Where Gradio has the files whose names change with their content."""


def listen(host: str, port: int) -> socket.socket:
    """A socket on the address; `port` 0 takes any free one. Raises InputError when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"can't listen on {host}, port {port}: {error.strerror or error}; choose another --host or --port"
        ) from error


def serve_app(app: FastAPI, listener: socket.socket) -> None:
    """Serve `app` until interrupted."""
    # The server stops without waiting for who takes long over an answer, such as an export.
    # Which proxies to believe is the configuration's to say (collect/accounts/headers.py).
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, proxy_headers=False
    )
    # What was loaded stays: the collector need not walk through it while people wait.
    gc.freeze()
    uvicorn.Server(config).run(sockets=[listener])


class SecureHeaders:
    """Puts HEADERS on every answer without its own; plain ASGI, so that exports pass through unbuffered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if ASSETS in scope["path"] and message["status"] == 200:
                    headers.setdefault("Cache-Control", KEPT["Cache-Control"])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        # Only the server cancels: it is stopping, and what it was still answering ends with it.
        with contextlib.suppress(asyncio.CancelledError):
            await self.app(scope, receive, send_with_headers)
