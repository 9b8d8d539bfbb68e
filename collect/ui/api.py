"""What the rating page's script talks to: JSON over routes of the application, since Gradio's own queue is slower.

Who rates is who the request comes from (current_account), never what it says; a lease belongs to the rater it was given
to, which the store checks. The door (collect/accounts) has refused what other sites send before it comes here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.routing import Route

from firsthand.collect.accounts.account import Account, Role
from firsthand.collect.accounts.people import finish_practice, give_consent
from firsthand.collect.accounts.web import current_account
from firsthand.collect.admin.log import standing_warning
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.ui.said import Said, answer_of
from firsthand.collect.ui.settings import page_settings
from firsthand.collect.ui.views import item_view, past_view
from firsthand.collect.work.answers import Recorded
from firsthand.collect.work.items import Item, next_items
from firsthand.collect.work.progress import Progress, progress
from firsthand.collect.work.raters import Rater
from firsthand.collect.work.rounds import record_and_go_on
from firsthand.collect.work.verdicts import amend, history, undo
from firsthand.config import Config
from firsthand.errors import InputError
from firsthand.store import Store

ITEMS_AHEAD = 2
"""The pair on the screen and the one after it, which is there when the verdict is given."""
PAST_SHOWN = 10
LARGEST_BODY = 64 * 1024
"""Bytes."""

Sent = TypeVar("Sent", bound=Config)


@dataclass(frozen=True, slots=True)
class Site:
    """What the routes work with; `settings` is what the page is told of the configuration."""

    store: Store
    config: ServeConfig
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: whom it comes from, and what it holds."""

    site: Site
    request: Request
    account: Account
    body: bytes


Handler: TypeAlias = Callable[[Asked], dict[str, Any]]


class Consent(Config):
    """The version of the text that the rater agrees to."""

    version: str


def add_api(app: FastAPI, store: Store, config: ServeConfig) -> None:
    """Put the routes on an application that has accounts; every answer is JSON, a refusal {"detail": why}."""
    site = Site(store, config, page_settings(config.rating))
    routes: dict[tuple[str, str], Handler] = {
        ("GET", "/api/state"): get_state,
        ("GET", "/api/items"): get_items,
        ("GET", "/api/history"): get_history,
        ("POST", "/api/verdict"): send_verdict,
        ("POST", "/api/amend"): send_amendment,
        ("POST", "/api/undo"): send_undo,
        ("POST", "/api/consent"): send_consent,
        ("POST", "/api/practised"): send_practised,
    }
    for (method, path), handler in routes.items():
        # Not FastAPI's own kind of route: to check and copy what is ours would take longer than to record a verdict.
        app.router.routes.append(Route(path, _endpoint(site, handler), methods=[method]))
    app.add_exception_handler(InputError, _say_what_is_wrong)


def get_state(asked: Asked) -> dict[str, Any]:
    """Who is rating, where they stand, and what the page shows and asks."""
    return _state(asked.site, asked.account)


def get_items(asked: Asked) -> dict[str, Any]:
    """The pair to judge and the next one."""
    site, rater = asked.site, _rater(asked)
    return {"items": _views(site, _items(site, rater)), "progress": _shown(progress(site.store, rater))}


def get_history(asked: Asked) -> dict[str, Any]:
    """The rater's last answers, newest first."""
    site, rater = asked.site, _rater(asked)
    return {"past": [past_view(past, site.config.rating) for past in history(site.store, rater.id, PAST_SHOWN)]}


def send_verdict(asked: Asked) -> dict[str, Any]:
    """Record an answer, and hand out what comes next."""
    site, rater, said = asked.site, _rater(asked), _read(asked.body, Said)
    answer = answer_of(said, site.config.rating)
    done = record_and_go_on(site.store, site.config.assignment, rater, said.lease, answer, ITEMS_AHEAD)
    return _after(site, done.recorded, done.items, done.progress, said.known)


def send_amendment(asked: Asked) -> dict[str, Any]:
    """Put a new answer in the place of an earlier one."""
    site, rater, said = asked.site, _rater(asked), _read(asked.body, Said)
    done = amend(site.store, rater.id, said.lease, answer_of(said, site.config.rating))
    return {"status": done.status, "message": done.message}


def send_undo(asked: Asked) -> dict[str, Any]:
    """Withdraw the last answer; its pair is the first of the items again."""
    site, rater = asked.site, _rater(asked)
    done = undo(site.store, rater.id)
    return _after(site, done, _items(site, rater), progress(site.store, rater))


def send_consent(asked: Asked) -> dict[str, Any]:
    """Agree to the text that the page shows."""
    site, account, agreed = asked.site, asked.account, _read(asked.body, Consent)
    if agreed.version != site.config.rating.consent.version:
        raise HTTPException(409, "The text has changed meanwhile; load the page again.")
    give_consent(site.store, account.id, agreed.version)
    return _state(site, _account(asked.request))


def send_practised(asked: Asked) -> dict[str, Any]:
    """Say that the practice round is done."""
    site, account = asked.site, asked.account
    finish_practice(site.store, account.id)
    return _state(site, _account(asked.request))


def _endpoint(site: Site, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """What the application calls: the handler, in a thread, for the account that the request comes from."""

    def respond(request: Request, body: bytes) -> Response:
        asked = Asked(site, request, _account(request), body)
        return Response(orjson.dumps(handler(asked)), media_type="application/json")

    async def endpoint(request: Request) -> Response:
        # The loop's own few threads: turns follow each other anyway, and more of them get in each other's way.
        return await asyncio.get_running_loop().run_in_executor(None, respond, request, await _body_of(request))

    return endpoint


async def _body_of(request: Request) -> bytes:
    """The request's body; answers 413 where it is larger than any of the page's."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"a request has {LARGEST_BODY:,} bytes at most")
    return body


def step_of(account: Account, config: ServeConfig) -> str:
    """Where a person stands: reads (an auditor), paused, consent, instructions (practice follows them), or rate."""
    if not account.may_rate:
        return "reads" if account.role is Role.AUDITOR else "paused"
    if account.consent != config.rating.consent.version:
        return "consent"
    return "rate" if account.practised_at else "instructions"


def _state(site: Site, account: Account) -> dict[str, Any]:
    return {
        "rater": account.login or account.id,
        "step": step_of(account, site.config),
        "reason": account.state_reason or "",
        "warning": standing_warning(site.store, account.id),
        "reads_admin": account.role in (Role.ADMIN, Role.AUDITOR),
        "progress": _shown(progress(site.store, _as_rater(account))),
        "page": site.settings,
    }


def _after(
    site: Site, done: Recorded, items: Sequence[Item], how_far: Progress, known: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "status": done.status,
        "message": done.message,
        "items": _views(site, items, known),
        "progress": _shown(how_far),
    }


def _items(site: Site, rater: Rater) -> list[Item]:
    return next_items(site.store, site.config.assignment, rater, ITEMS_AHEAD)


def _views(site: Site, items: Sequence[Item], known: Sequence[str] = ()) -> list[dict[str, Any]]:
    return [item_view(item, site.config.rating, known=item.lease in known) for item in items]


def _shown(how_far: Progress) -> dict[str, int]:
    return {"rated": how_far.rated, "open": how_far.held + how_far.open_for_them}


def _rater(asked: Asked) -> Rater:
    """Who is rating; answers 409 where something comes before that. A paused rater's requests reach the store."""
    step = step_of(asked.account, asked.site.config)
    if step not in ("rate", "paused"):
        raise HTTPException(409, f"The step {step!r} comes first; load the page again.")
    return _as_rater(asked.account)


def _as_rater(account: Account) -> Rater:
    return Rater(account.id, account.tags, account.role is Role.EXPERT)


def _account(request: Request) -> Account:
    account = current_account(request)
    if account is None:
        raise HTTPException(401, "You are not logged in any more.")
    return account


def _read(body: bytes, model: type[Sent]) -> Sent:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the request"
        raise HTTPException(422, f"{where}: {problem['msg']}") from error


async def _say_what_is_wrong(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=422)
