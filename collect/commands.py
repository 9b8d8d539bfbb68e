"""The `firsthand collect` commands."""

import argparse
from typing import Any

from firsthand.commandline import add_command, say, say_json


def add_collect_commands(group: Any) -> None:
    """Add the commands of this group."""
    add_command(group, "status", status, "show what the store holds", store=True, as_json=True)
    server = add_command(group, "serve", serve, "open the rating page in a browser", store=True)
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    server.add_argument("--port", type=int, default=7860, help="port to listen on; 0 takes a free one")
    server.add_argument("--rater", default="rater-1", metavar="NAME", help="who is rating (default: rater-1)")


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


def serve(args: argparse.Namespace) -> None:
    """Serve the rating page until interrupted."""
    from firsthand.collect.serve import serve_store
    from firsthand.store import Store

    with Store(args.store) as store:
        serve_store(store, args.host, args.port, args.rater)
