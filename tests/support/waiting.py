"""Waiting for what a page or a server does a moment later."""

import time
from collections.abc import Callable

SECONDS = 10.0


def wait_for(holds: Callable[[], bool]) -> None:
    """Return as soon as `holds` does; fails the test after SECONDS."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.05)
