"""Lines for small stores with known content."""

from collections.abc import Iterable
from typing import Any

from firsthand.errors import RecordError
from firsthand.lines import parse_line
from firsthand.store import Store


def line(prompt: int, pair: int = 0, **keys: Any) -> dict[str, Any]:
    """A comparison named by two numbers, with what `keys` says of it."""
    responses = {
        "response_a": f"first answer {prompt}.{pair}",
        "response_b": f"second answer {prompt}.{pair}",
        "author_a": "model-x",
        "author_b": "model-y",
    }
    return {"prompt": f"question {prompt}", **responses, **keys}


def human(prompt: int, pair: int = 0, verdict: str = "a", rater: str = "ann", **keys: Any) -> dict[str, Any]:
    return line(prompt, pair, source="human", annotator=rater, verdict=verdict, **keys)


def synthetic(prompt: int, pair: int = 0, verdict: str = "a", judge: str = "judge-1", **keys: Any) -> dict[str, Any]:
    return line(prompt, pair, source="synthetic", annotator=judge, verdict=verdict, **keys)


def fill(store: Store, lines: Iterable[dict[str, Any]]) -> Store:
    """Add the lines; fail where one is refused."""
    refused = [error for error in store.add([parse_line(one) for one in lines]) if isinstance(error, RecordError)]
    assert not refused
    return store
