"""A site with accounts, asked without a browser."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from firsthand.collect.accounts.web import add_accounts, current_account
from firsthand.collect.serve_config import Login
from firsthand.store import Store

PASSWORD = "a good password"
Visit = Callable[..., TestClient]


@pytest.fixture
def visit(either_store: Store) -> Visit:
    """A browser of its own at a site over the store; the site is new each time, as after a restart."""

    def start(login: Login | None = None, address: str = "203.0.113.7", **client_options: str) -> TestClient:
        app = FastAPI(openapi_url=None)
        add_accounts(app, either_store, login or Login())

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        def who(request: Request) -> dict[str, str | None]:
            account = current_account(request)
            return {"id": account and account.id}

        options = {"base_url": "http://site.example", **client_options}
        headers = {"origin": options["base_url"], "accept": "text/html"}
        return TestClient(app, headers=headers, follow_redirects=False, client=(address, 50_000), **options)

    return start
