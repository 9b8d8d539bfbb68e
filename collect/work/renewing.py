"""Work brought up to date after an import: little to load, and nothing to do, where no site rates from the store."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from firsthand.store import Store, schema

if TYPE_CHECKING:
    from firsthand.collect.serve_config import Assignment

ASSIGNMENT = "assignment"
"""The setting that holds how work was last prepared."""


def prepare_new_work(store: Store) -> None:
    """`prepare_work` as the site that rates from this store last did it; nothing where none has."""
    known = remembered_assignment(store)
    if known is not None:
        from firsthand.collect.work.targets import prepare_work

        prepare_work(store, known)


def remembered_assignment(store: Store) -> "Assignment | None":
    """How the site that rates from this store last prepared the work; None where none has."""
    settings = schema.settings.c
    with store.engine.connect().execution_options(read_only=True) as connection:
        known = connection.execute(sa.select(settings.value).where(settings.name == ASSIGNMENT)).scalar()
    if known is None:
        return None
    from firsthand.collect.serve_config import Assignment

    return Assignment.model_validate_json(known)
