"""The rating site put together: accounts, the rating, admin and Audit pages, and what is measured beside them."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

from firsthand.collect.accounts.people import everyone
from firsthand.collect.accounts.web import add_accounts, current_account
from firsthand.collect.admin.api import add_admin
from firsthand.collect.page_policy import PagePolicy
from firsthand.collect.serve import SecureHeaders, listen, serve_app
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.ui.api import add_api
from firsthand.collect.ui.page import mount_page
from firsthand.collect.work.targets import prepare_work
from firsthand.commandline import note, say
from firsthand.evaluate.audit.site.api import add_audit
from firsthand.evaluate.audit.site.asking import Audits
from firsthand.evaluate.watch import Watch
from firsthand.store import Store


def serve_site(store: Store, config: ServeConfig, host: str, port: int, notice: str = "") -> None:
    """Serve the rating site over `store` until interrupted; `port` 0 takes any free one.

    Raises InputError when the address can't be had.
    """
    listener = listen(host, port)
    prepare_work(store, config.assignment)
    app = make_app(store, config, notice)
    shown = f"[{host}]" if ":" in host else host
    say(f"Rate at http://{shown}:{listener.getsockname()[1]}/ ; Ctrl+C stops the site, every answer is kept.")
    # Where it goes to a file or a service's log, it would stay in the buffer until the site ends.
    sys.stdout.flush()
    if not everyone(store):
        note("firsthand: nobody can log in yet: firsthand collect raters invite, or add, makes an account")
    serve_app(app, listener)


def make_app(store: Store, config: ServeConfig, notice: str = "") -> FastAPI:
    """The web application: the rating page at /, the admin page at /admin, the Audit page at /audit, accounts first.

    While it runs, the figures are measured and the rules applied. `notice` is a plain text that stands above the pairs.
    """
    watch, audits = Watch(store, config), Audits(store)

    @asynccontextmanager
    async def watching(_app: FastAPI) -> AsyncIterator[None]:
        watch.start()
        yield
        watch.stop()
        audits.stop()

    app = FastAPI(openapi_url=None, lifespan=watching)
    # Routes are tried in this order: those that raters wait for come first.
    add_api(app, store, config)
    add_admin(app, store, config, lambda: watch.quality)
    add_audit(app, store, audits)
    add_accounts(app, store, config.login)
    app.add_middleware(PagePolicy)
    app.add_middleware(SecureHeaders)
    mount_page(app, notice, auth_dependency=_person)
    return app


def _person(request: Request) -> str | None:
    account = current_account(request)
    return account.id if account else None
