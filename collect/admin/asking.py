"""Who asks what the admin page's routes do, and what they work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from firsthand.collect.accounts.account import Account, Role
from firsthand.collect.accounts.web import current_account
from firsthand.collect.admin.figures import Quality
from firsthand.collect.serve_config import ServeConfig
from firsthand.store import Store

Figures = Callable[[], Quality | None]
"""The latest figures; None until the first are measured."""


@dataclass(frozen=True, slots=True)
class Admin:
    """What the routes work with."""

    store: Store
    config: ServeConfig
    figures: Figures


def _admin(request: Request) -> Admin:
    admin: Admin = request.app.state.admin
    return admin


def _reader(request: Request) -> Account:
    account = current_account(request)
    if account is None:
        raise HTTPException(401, "You are not logged in any more.")
    return account


def _actor(reader: Annotated[Account, Depends(_reader)]) -> Account:
    if reader.role is not Role.ADMIN:
        raise HTTPException(403, "Auditors read this page; an admin has to do that.")
    return reader


Site = Annotated[Admin, Depends(_admin)]
Reader = Annotated[Account, Depends(_reader)]
Actor = Annotated[Account, Depends(_actor)]
