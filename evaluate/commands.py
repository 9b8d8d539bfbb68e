"""The `firsthand evaluate` commands."""

from typing import Any


def add_evaluate_commands(group: Any) -> None:
    """Add the commands of this group."""
