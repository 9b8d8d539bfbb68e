"""Votes without their texts, as columns: what mixing and statistics read.

pandas and pyarrow are loaded when votes are read: commands that read none start in half the time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from firsthand.store import schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_TEXT = (
    "comparison_id prompt_id annotator source verdict shown_first prompt_sha256 response_a_id response_b_id"
    " author_a author_b tags created_at".split()
)
_NUMBERS = ("p_a", "strength", "seconds", "length_a", "length_b")
_FLAGS = ("simulated", "swap_consistent", "gold", "has_text")
VOTE_COLUMNS = (*_TEXT, *_NUMBERS, *_FLAGS, "repeat")
VOTE_ORDER = ("comparison_id", "annotator", "shown_first", "prompt_sha256", "repeat")
"""What names a current vote: tables of votes come in this order."""


def votes_query(columns: Sequence[str]) -> sa.Select[Any]:
    """Select `columns` of the current preferences, in no order."""
    comparisons, preferences, annotators = schema.comparisons, schema.preferences, schema.annotators
    has_text = sa.and_(comparisons.c.response_a.is_not(None), comparisons.c.response_b.is_not(None))
    known: dict[str, sa.ColumnElement[Any]] = {
        **{column.name: column for column in (*comparisons.c, *annotators.c, *preferences.c)},
        "has_text": has_text,
    }
    # As the database gives them: Arrow turns a column of flags at once, SQLAlchemy would turn each.
    given = {name: sa.type_coerce(known[name], sa.Integer) for name in _FLAGS}
    return (
        sa.select(*((given.get(name, known[name])).label(name) for name in columns))
        .select_from(preferences)
        .join(comparisons, comparisons.c.id == preferences.c.comparison_id)
        .join(annotators, annotators.c.name == preferences.c.annotator)
        .where(preferences.c.is_current)
    )


def vote_table(rows: Sequence[Any], columns: Sequence[str]) -> "pa.Table":
    """The rows as an Arrow table, each column of its type."""
    import pyarrow as pa

    types = {
        **dict.fromkeys(_TEXT, pa.string()),
        **dict.fromkeys(_NUMBERS, pa.float64()),
        "repeat": pa.int64(),
    }
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    arrays = [
        pa.array(value).cast(pa.bool_()) if name in _FLAGS else pa.array(value, types[name])
        for name, value in zip(columns, values, strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=list(columns))


def tag_values(tags: "pd.Series[str]", name: str) -> "pd.Series[str]":
    """The value of the tag `name` in each cell of a column `tags`; missing where a comparison does not carry it."""
    values = {text: orjson.loads(text).get(name) for text in tags.unique()}
    return tags.map(values).astype(object)
