"""A site with accounts on a real server, in a thread of the test's own process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from firsthand.collect.accounts.web import add_accounts, current_account
from firsthand.collect.serve_config import Login
from firsthand.store import Store


@contextmanager
def serve_accounts(store: Store, login: Login | None = None) -> Iterator[str]:
    """The address of a site over `store` whose only page of its own says who is there."""
    app = FastAPI(openapi_url=None)
    add_accounts(app, store, login or Login())

    @app.get("/{path:path}")
    def home(request: Request) -> HTMLResponse:
        account = current_account(request)
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>home</title><h1>{account and account.id}</h1></html>'
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=30)
