"""The `firsthand collect` commands."""

import argparse
from typing import Any

from firsthand.commandline import add_command, say, say_json


def add_collect_commands(group: Any) -> None:
    """Add the commands of this group."""
    add_command(group, "status", status, "show what the store holds", store=True, as_json=True)


def status(args: argparse.Namespace) -> None:
    """Print counts of what the store holds."""
    from dataclasses import asdict

    from firsthand.store import Store

    with Store(args.store) as store:
        counts = asdict(store.counts())
    if args.json:
        say_json(counts)
        return
    for name, count in counts.items():
        say(f"{name:12} {count:>10,}")
