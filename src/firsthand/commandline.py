"""What the commands of all three groups share: their options and how they print."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

Handler = Callable[[argparse.Namespace], int | None]
"""Runs one command; returns its exit status, None for 0."""


def add_command(
    group: Any, name: str, run: Handler, summary: str, *, store: bool = False, as_json: bool = False
) -> argparse.ArgumentParser:
    """Add the command `name` to `group`; `store` and `as_json` add the options --store and --json."""
    parser: argparse.ArgumentParser = group.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + ".", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    if store:
        parser.add_argument(
            "--store",
            metavar="URL",
            help="SQLite file or database URL (default: $FIRSTHAND_STORE, else firsthand.db in this folder)",
        )
    if as_json:
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def say(text: str = "") -> None:
    """Print `text` as a command's result; what of it is not valid Unicode (a column's name may be) is escaped."""
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def say_json(value: Any) -> None:
    """Print `value` as JSON; numbers that are not finite become null."""
    say(json.dumps(_finite(value), indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Tell the person at the terminal something beside the command's result."""
    sys.stderr.write(text + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
