"""Settling a contradiction on the admin page: blind to the authors, and to what the raters said until it is settled."""

from typing import Any

from fastapi import APIRouter, HTTPException

from firsthand.collect.admin.asking import Actor, Site
from firsthand.collect.admin.disputes import votes_view
from firsthand.collect.ui.choices import SKIP, choices_json
from firsthand.collect.ui.said import Said, answer_of
from firsthand.collect.ui.views import item_view
from firsthand.collect.work.answers import Status
from firsthand.collect.work.queue import people_on
from firsthand.collect.work.raters import Rater
from firsthand.collect.work.settling import put_back, shown_of, take_up
from firsthand.collect.work.verdicts import record
from firsthand.config import Config
from firsthand.errors import InputError

router = APIRouter(prefix="/api/admin")


class Wanted(Config):
    """Which contradiction to settle."""

    comparison: str


class Unwanted(Config):
    """Which lease to give up."""

    lease: str


@router.post("/take")
def take(admin: Site, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    """The pair as its rater sees it, leased to the admin, and the choices."""
    try:
        item = take_up(admin.store, admin.config.assignment, Rater(actor.id), wanted.comparison)
    except InputError as error:
        raise HTTPException(422, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    rating = admin.config.rating
    return {**item_view(item, rating, known=False), "choices": choices_json(rating), "rationale": rating.rationale}


@router.post("/settle")
def settle(admin: Site, actor: Actor, said: Said) -> dict[str, str]:
    """Record the admin's verdict as an expert's is, and tell what the raters had said."""
    if said.choice == SKIP:
        raise HTTPException(422, "Close it instead of skipping: somebody else can settle it then.")
    try:
        answer = answer_of(said, admin.config.rating)
    except InputError as error:
        raise HTTPException(422, str(error)) from error
    shown = shown_of(admin.store, actor.id, said.lease)
    if shown is None:
        raise HTTPException(422, "You have not taken this up to settle it; choose it from the list.")
    done = record(admin.store, actor.id, said.lease, answer)
    if done.status is Status.REFUSED:
        raise HTTPException(422, done.message)
    comparison, first = shown
    return {
        "message": "Settled: your verdict is gold now.",
        "votes": votes_view(people_on(admin.store, comparison), first),
    }


@router.post("/leave")
def leave(admin: Site, actor: Actor, unwanted: Unwanted) -> dict[str, str]:
    """Give up a contradiction that was not settled."""
    put_back(admin.store, actor.id, unwanted.lease)
    return {"message": ""}
