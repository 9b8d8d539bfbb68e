"""What the Audit page's script talks to. Everything here only reads; the guard lets admins and auditors in."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import RedirectResponse

from firsthand.collect.admin.guard import Guard
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.site.asking import Audits
from firsthand.evaluate.audit.site.choices import choices_view
from firsthand.evaluate.audit.site.listing import comparison_texts
from firsthand.evaluate.audit.site.page import mount_audit_page
from firsthand.evaluate.audit.site.question import Question, Wanted
from firsthand.store import Store

router = APIRouter(prefix="/api/audit")


def add_audit(app: FastAPI, store: Store, audits: Audits) -> None:
    """Put the Audit page at /audit, for admins and auditors: call it before add_accounts and before / is mounted."""
    app.state.audit_store, app.state.audits = store, audits
    app.include_router(router)
    app.add_middleware(Guard, page="/audit", actions="/api/audit")
    # The page mounted at / would answer for this address; the Audit page begins behind the slash.
    app.add_api_route("/audit", lambda: RedirectResponse("/audit/"), methods=["GET"], response_model=None)
    mount_audit_page(app)


def _store(request: Request) -> Store:
    store: Store = request.app.state.audit_store
    return store


def _audits(request: Request) -> Audits:
    audits: Audits = request.app.state.audits
    return audits


def _question(
    asked: Annotated[str, Query(min_length=1, max_length=64)],
    judge: Annotated[list[str] | None, Query()] = None,
    tag: Annotated[list[str] | None, Query()] = None,
    margin: Annotated[float, Query(gt=0, lt=50)] = 3.0,
) -> Question:
    """The page's form: judges (none: all), tags as name=value, the margin in points; asked names the audit."""
    tags: dict[str, list[str]] = {}
    for one in tag or []:
        name, _, value = one.partition("=")
        tags.setdefault(name, []).append(value)
    return Question(asked=asked, config=AuditConfig(judges=judge or None, tags=tags, margin_points=margin))


Site = Annotated[Store, Depends(_store)]
Asked = Annotated[Question, Depends(_question)]
Answering = Annotated[Audits, Depends(_audits)]


@router.get("/choices")
def get_choices(store: Site) -> dict[str, str]:
    """The judges and the tags of the store, as the form's HTML."""
    return {"html": choices_view(store)}


@router.get("/view")
def get_view(audits: Answering, asked: Asked) -> dict[str, Any]:
    """The sections of the page as HTML; `waiting` while they are worked on: ask again."""
    return _answer(audits, asked)


@router.get("/comparisons")
def get_comparisons(
    audits: Answering,
    asked: Asked,
    finding: Annotated[int, Query(ge=0)],
    page: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """The comparisons behind a finding of the same audit, as the section `comparisons`."""
    return _answer(audits, asked.model_copy(update={"wanted": Wanted(finding=finding, page=page)}))


@router.get("/texts/{comparison}")
def get_texts(store: Site, comparison: str) -> dict[str, str]:
    """The prompt and the responses of a comparison, as HTML."""
    found = comparison_texts(store, comparison)
    if found is None:
        raise HTTPException(404, "There is no such comparison.")
    return {"html": found}


def _answer(audits: Audits, question: Question) -> dict[str, Any]:
    try:
        found = audits.answer(question)
    except (RuntimeError, EOFError) as error:
        why = str(error) or "the process that audits has ended"
        raise HTTPException(500, f"The audit failed: {why}.") from error
    if found is None:
        return {"waiting": True}
    if found.refusal:
        raise HTTPException(422, f"{found.refusal[:1].upper()}{found.refusal[1:]}.")
    return asdict(found)
