"""The `firsthand` command: three groups, collect, train and evaluate, and the demo that runs through them."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

import sqlalchemy.exc

from firsthand import __version__
from firsthand.collect.commands import add_collect_commands
from firsthand.commandline import note
from firsthand.demo import add_demo_command
from firsthand.errors import FirsthandError
from firsthand.evaluate.commands import add_evaluate_commands
from firsthand.train.commands import add_train_commands

INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    """The whole command line; the handlers import what they need when they run."""
    parser = argparse.ArgumentParser(
        prog="firsthand",
        description="Collect people's preferences, mix in synthetic ones, train on the mix, and see what they did.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"firsthand {__version__}")
    groups = parser.add_subparsers(title="commands", metavar="GROUP", required=True)
    add_demo_command(groups, main)
    for name, add_commands, help_text in (
        ("collect", partial(add_collect_commands, serve=serve), "import, rate and export preferences"),
        ("train", add_train_commands, "mix preferences into a training set and train on it"),
        ("evaluate", add_evaluate_commands, "measure annotators and trained models against people"),
    ):
        group = groups.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
        add_commands(group.add_subparsers(title="commands", metavar="COMMAND", required=True))
    return parser


def serve(args: argparse.Namespace) -> None:
    """Serve the rating site until interrupted."""
    from firsthand.collect.serve_config import ServeConfig
    from firsthand.config import load_config
    from firsthand.server import serve_site
    from firsthand.store import Store

    config = load_config(args.config, ServeConfig) if args.config else ServeConfig()
    with Store(args.store) as store:
        serve_site(store, config, args.host, args.port)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (0 done, 1 our failure, 2 wrong input, 130 interrupted)."""
    args = make_parser().parse_args(argv)
    try:
        return args.run(args) or 0
    except FirsthandError as error:
        note(f"firsthand: {error}")
        return error.exit_status
    except sqlalchemy.exc.DBAPIError as error:
        note(f"firsthand: the store failed: {error.orig}")
        return FirsthandError.exit_status
    except OSError as error:
        note(f"firsthand: {error.strerror or error}: {error.filename or ''}".rstrip(": "))
        return FirsthandError.exit_status
    except KeyboardInterrupt:
        note("firsthand: interrupted; what was acknowledged is kept, run the command again to go on")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
