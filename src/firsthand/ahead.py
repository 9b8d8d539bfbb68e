"""`map` in a thread of its own, for work that leaves the interpreter to others: databases, files, compression."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def map_ahead(work: Callable[[Given], Made], items: Iterable[Given], depth: int) -> Iterator[Made]:
    """`map(work, items)` in order, done at most `depth` items ahead of what the caller has taken."""
    with ThreadPoolExecutor(1) as pool:
        begun: deque[Future[Made]] = deque()
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > depth:
                yield begun.popleft().result()
        for one in begun:
            yield one.result()
