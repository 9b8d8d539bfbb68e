"""What the rating page's script talks to: JSON over routes of the application, since Gradio's own queue is slower.

Who rates is who the request comes from (current_account), never what it says; a lease belongs to the rater it was given
to, which the store checks. The door (collect/accounts) has refused what other sites send before it comes here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

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
router = APIRouter(prefix="/api")


@dataclass(frozen=True, slots=True)
class Site:
    """What the routes work with; `settings` is what the page is told of the configuration."""

    store: Store
    config: ServeConfig
    settings: dict[str, Any]


class Consent(Config):
    """The version of the text that the rater agrees to."""

    version: str


def add_api(app: FastAPI, store: Store, config: ServeConfig) -> None:
    """Put the routes on an application that has accounts; every answer is JSON, a refusal {"detail": why}."""
    app.state.rating = Site(store, config, page_settings(config.rating))
    app.include_router(router)
    app.add_exception_handler(InputError, _say_what_is_wrong)


async def body_of(request: Request) -> bytes:
    """The request's body; answers 413 where it is larger than any of the page's."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"a request has {LARGEST_BODY:,} bytes at most")
    return body


Body = Annotated[bytes, Depends(body_of)]


@router.get("/state")
def get_state(request: Request) -> dict[str, Any]:
    """Who is rating, where they stand, and what the page shows and asks."""
    return _state(_site(request), _account(request))


@router.get("/items")
def get_items(request: Request) -> dict[str, Any]:
    """The pair to judge and the next one."""
    site, rater = _site(request), _rater(request)
    return {"items": _views(site, _items(site, rater)), "progress": _shown(progress(site.store, rater))}


@router.post("/verdict")
def send_verdict(request: Request, body: Body) -> dict[str, Any]:
    """Record an answer, and hand out what comes next."""
    site, rater, said = _site(request), _rater(request), _read(body, Said)
    answer = answer_of(said, site.config.rating)
    done = record_and_go_on(site.store, site.config.assignment, rater, said.lease, answer, ITEMS_AHEAD)
    return _after(site, done.recorded, done.items, done.progress, said.known)


@router.post("/amend")
def send_amendment(request: Request, body: Body) -> dict[str, Any]:
    """Put a new answer in the place of an earlier one."""
    site, rater, said = _site(request), _rater(request), _read(body, Said)
    done = amend(site.store, rater.id, said.lease, answer_of(said, site.config.rating))
    return {"status": done.status, "message": done.message}


@router.post("/undo")
def send_undo(request: Request) -> dict[str, Any]:
    """Withdraw the last answer; its pair is the first of the items again."""
    site, rater = _site(request), _rater(request)
    done = undo(site.store, rater.id)
    return _after(site, done, _items(site, rater), progress(site.store, rater))


@router.get("/history")
def get_history(request: Request) -> dict[str, Any]:
    """The rater's last answers, newest first."""
    site, rater = _site(request), _rater(request)
    return {"past": [past_view(past, site.config.rating) for past in history(site.store, rater.id, PAST_SHOWN)]}


@router.post("/consent")
def send_consent(request: Request, body: Body) -> dict[str, Any]:
    """Agree to the text that the page shows."""
    site, account, agreed = _site(request), _account(request), _read(body, Consent)
    if agreed.version != site.config.rating.consent.version:
        raise HTTPException(409, "The text has changed meanwhile; load the page again.")
    give_consent(site.store, account.id, agreed.version)
    return _state(site, _account(request))


@router.post("/practised")
def send_practised(request: Request) -> dict[str, Any]:
    """Say that the practice round is done."""
    site = _site(request)
    finish_practice(site.store, _account(request).id)
    return _state(site, _account(request))


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


def _rater(request: Request) -> Rater:
    """Who is rating; answers 409 where something comes before that. A paused rater's requests reach the store."""
    account = _account(request)
    step = step_of(account, _site(request).config)
    if step not in ("rate", "paused"):
        raise HTTPException(409, f"The step {step!r} comes first; load the page again.")
    return _as_rater(account)


def _as_rater(account: Account) -> Rater:
    return Rater(account.id, account.tags, account.role is Role.EXPERT)


def _account(request: Request) -> Account:
    account = current_account(request)
    if account is None:
        raise HTTPException(401, "You are not logged in any more.")
    return account


def _site(request: Request) -> Site:
    site: Site = request.app.state.rating
    return site


def _read(body: bytes, model: type[Sent]) -> Sent:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the request"
        raise HTTPException(422, f"{where}: {problem['msg']}") from error


async def _say_what_is_wrong(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=422)
