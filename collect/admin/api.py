"""What the admin page's script talks to: the sections of the page, and the actions of admins.

The guard lets admins and auditors in; what changes something asks here for an admin. The door of the accounts has
refused what other sites send.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import NonNegativeInt
from starlette.background import BackgroundTask

from firsthand.collect.accounts.account import Account, Role, State
from firsthand.collect.accounts.people import everyone, set_state
from firsthand.collect.admin import settling, view
from firsthand.collect.admin.asking import Actor, Admin, Figures, Reader, Site
from firsthand.collect.admin.disputes import disputes_view, texts_view
from firsthand.collect.admin.guard import Guard
from firsthand.collect.admin.log import recent_events, standing_warnings
from firsthand.collect.admin.page import mount_admin_page
from firsthand.collect.admin.rater_table import PAGE, Part, People, rater_table
from firsthand.collect.exporting import export_file
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.work.queue import disagreements, given_up, requeue
from firsthand.config import Config
from firsthand.errors import InputError
from firsthand.markup import Html, element
from firsthand.store import Store

router = APIRouter(prefix="/api/admin")

QUEUE_SHOWN = 6
FILES = {"votes": "votes.csv", "native": "preferences.jsonl.gz"}


class Judgement(Config):
    """Whom to pause or to let rate again, and why."""

    rater: str
    reason: str = ""


class Again(Config):
    """Which comparison one more person shall judge."""

    comparison: str


def add_admin(app: FastAPI, store: Store, config: ServeConfig, figures: Figures) -> None:
    """Put the admin page at /admin, for admins and auditors: call it before add_accounts and before / is mounted."""
    app.state.admin = Admin(store, config, figures)
    app.include_router(router)
    app.include_router(settling.router)
    app.add_middleware(Guard, page="/admin", actions="/api/admin")
    # The page mounted at / would answer for this address; the admin page begins behind the slash.
    app.add_api_route("/admin", lambda: RedirectResponse("/admin/"), methods=["GET"], response_model=None)
    mount_admin_page(app)


@router.get("/view")
def get_view(admin: Site, reader: Reader, find: str = "", page: NonNegativeInt = 0) -> dict[str, Any]:
    """The sections of the page as HTML, and how old the figures are in seconds (null: none yet).

    find, page: which part of the table of raters. many: whether all of it needs several pages.
    """
    quality, people = admin.figures(), _people(admin, reader)
    if quality is None:
        waiting = element("p", view.MEASURING, class_="empty")
        sections: dict[str, Html] = dict.fromkeys(("tiles", "course", "throughput", "raters", "coverage"), waiting)
    else:
        sections = {
            "tiles": view.tiles(quality),
            "course": view.course(quality),
            "throughput": view.throughput(quality),
            "raters": rater_table(quality, people, Part(find, page)),
            "coverage": view.coverage(quality.coverage),
            "log": view.log(recent_events(admin.store)),
        }
    queued, skipped = disagreements(admin.store, QUEUE_SHOWN), given_up(admin.store, QUEUE_SHOWN)
    sections["queue"] = disputes_view(
        queued, skipped, QUEUE_SHOWN, settler=reader.id if reader.role is Role.ADMIN else None
    )
    age = None if quality is None else (datetime.now(UTC) - datetime.fromisoformat(quality.measured_at)).total_seconds()
    return {
        "sections": sections,
        "age": age,
        "reader": reader.login or reader.id,
        "many": len(people.accounts) > PAGE,
        "coverage_by": quality.coverage_by if quality else None,
    }


@router.get("/texts/{comparison}")
def get_texts(admin: Site, comparison: str) -> dict[str, str]:
    """The prompt and the responses of a comparison, as HTML."""
    for [(_, messages, a, b, *_)] in admin.store.texts([comparison]):
        return {"html": texts_view(messages, a, b)}
    raise HTTPException(404, "There is no such comparison.")


@router.post("/pause")
def pause(admin: Site, actor: Actor, asked: Judgement) -> dict[str, str]:
    """Keep a person from rating; they are told the reason."""
    if not asked.reason.strip():
        raise HTTPException(422, "Say why: the person is told.")
    return _set_state(admin, actor, asked, State.PAUSED)


@router.post("/resume")
def resume(admin: Site, actor: Actor, asked: Judgement) -> dict[str, str]:
    """Let a person rate again; the rules start anew with what comes from now on."""
    return _set_state(admin, actor, asked, State.ACTIVE)


@router.post("/requeue")
def send_requeue(admin: Site, _actor: Actor, asked: Again) -> dict[str, str]:
    """Ask one more person about a comparison."""
    try:
        requeue(admin.store, asked.comparison)
    except InputError as error:
        raise HTTPException(422, str(error)) from error
    return {"message": "One more person will be asked."}


@router.get("/export/{form}")
def export(admin: Site, form: Literal["votes", "native"]) -> FileResponse:
    """The raw votes (CSV) or everything (native lines) as a file; it holds pseudonyms only."""
    folder = tempfile.TemporaryDirectory(prefix="firsthand-export-")
    path = Path(folder.name) / FILES[form]
    export_file(admin.store, path, form)
    return FileResponse(path, filename=FILES[form], background=BackgroundTask(folder.cleanup))


def _set_state(admin: Admin, actor: Account, asked: Judgement, state: State) -> dict[str, str]:
    try:
        changed = set_state(admin.store, asked.rater, state, asked.reason.strip() or None, actor.id)
    except InputError as error:
        raise HTTPException(422, str(error)) from error
    done = "paused" if state is State.PAUSED else "rating again"
    return {"message": f"{asked.rater} is {done}." if changed else f"{asked.rater} was {done} already."}


def _people(admin: Admin, reader: Account) -> People:
    warned = standing_warnings(admin.store)
    return People(
        accounts=everyone(admin.store),
        warnings={name: str(events[-1].detail.get("reason", "")) for name, events in warned.items()},
        rules=admin.config.rules,
        reader=reader,
    )
