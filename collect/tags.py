"""Which tags the store's comparisons carry."""

import orjson
import sqlalchemy as sa

from firsthand.config import closest
from firsthand.errors import InputError
from firsthand.store import Store, schema


def check_tag(store: Store, name: str, where: str) -> None:
    """Raise InputError where the store has comparisons and none carries the tag that `where` names."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        texts = list(connection.execute(sa.select(schema.comparisons.c.tags).distinct()).scalars())
    known = {tag for text in texts for tag in orjson.loads(text)}
    if texts and name not in known:
        raise InputError(f"{where}: no comparison in the store has the tag {name!r}{closest(name, known)}")
