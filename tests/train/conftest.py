"""A store that a mix can be drawn from."""

import pytest
from builders import fill, human, synthetic

from firsthand.store import Store


@pytest.fixture
def mixed_store(store: Store) -> Store:
    """60 prompts with 3 pairs by people, 100 others with 3 pairs by a judge, tags in two domains."""
    domain = ("law", "code", "code")
    lines = [human(p, k, "ab"[(p + k) % 2], tags={"domain": domain[p % 3]}) for p in range(60) for k in range(3)]
    lines += [synthetic(p, k, "ab"[p % 2], tags={"domain": domain[p % 3]}) for p in range(60, 160) for k in range(3)]
    return fill(store, lines)
