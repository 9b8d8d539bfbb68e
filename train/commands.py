"""The `firsthand train` commands."""

from typing import Any


def add_train_commands(group: Any) -> None:
    """Add the commands of this group."""
