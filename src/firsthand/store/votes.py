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


def vote_values(columns: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """The expressions of `columns` over VOTES."""
    comparisons, preferences, annotators = schema.comparisons, schema.preferences, schema.annotators
    known: dict[str, sa.ColumnElement[Any]] = {
        **{column.name: column for column in (*comparisons.c, *annotators.c, *preferences.c)},
        "has_text": sa.and_(comparisons.c.response_a.is_not(None), comparisons.c.response_b.is_not(None)),
    }
    return [known[name].label(name) for name in columns]


VOTES = schema.preferences.join(schema.comparisons, schema.comparisons.c.id == schema.preferences.c.comparison_id).join(
    schema.annotators, schema.annotators.c.name == schema.preferences.c.annotator
)
"""Preferences with what they are on and who gave them."""


def vote_table(rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> "pa.Table":
    """The rows as an Arrow table, each column of its type."""
    import pyarrow as pa

    types = {
        **dict.fromkeys(_TEXT, pa.string()),
        **dict.fromkeys(_NUMBERS, pa.float64()),
        **dict.fromkeys(_FLAGS, pa.bool_()),
        "repeat": pa.int64(),
    }
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    # Cast, not made at once: flags may come as 0 and 1, numbers as texts of all their digits.
    arrays = [pa.array(value).cast(types[name]) for name, value in zip(columns, values, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))


def tag_values(tags: "pd.Series[str]", name: str) -> "pd.Series[str]":
    """The value of the tag `name` in each cell of a column `tags`; missing where a comparison does not carry it."""
    values = {text: orjson.loads(text).get(name) for text in tags.unique()}
    return tags.map(values).astype(object)
