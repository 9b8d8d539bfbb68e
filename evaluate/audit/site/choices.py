"""What can be chosen for an audit: the judges and the tags of a store."""

import orjson
import sqlalchemy as sa

from firsthand.evaluate.audit.words import name
from firsthand.markup import Html, element, join
from firsthand.records import Source
from firsthand.store import Store, schema

MOST_VALUES = 40
"""Of a tag; one with more names single comparisons rather than kinds of them."""


def choices_view(store: Store) -> Html:
    """A box for each judge and for each value of each tag."""
    judges = [annotator.name for annotator in store.annotators().values() if annotator.source is Source.SYNTHETIC]
    if not judges:
        return element("p", "The store holds no verdict of a judge yet.", class_="empty")
    groups = [_group("Judges", "judge", [(judge, judge) for judge in judges])]
    for tag, values in _tags(store).items():
        groups.append(_group(f"Only {name(tag)}", "tag", [(value, f"{tag}={value}") for value in sorted(values)]))
    return join(groups)


def _tags(store: Store) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with store.engine.connect().execution_options(read_only=True) as connection:
        for (text,) in connection.execute(sa.select(schema.comparisons.c.tags).distinct()):
            for tag, value in orjson.loads(text).items():
                found.setdefault(tag, set()).add(value)
    return {tag: values for tag, values in sorted(found.items()) if len(values) <= MOST_VALUES and "=" not in tag}


def _group(title: str, field: str, boxes: list[tuple[str, str]]) -> Html:
    labels = [
        element("label", element("input", type="checkbox", name_=field, value=value), name(words))
        for words, value in boxes
    ]
    return element("fieldset", element("legend", title), *labels)
