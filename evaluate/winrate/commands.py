"""`firsthand evaluate winrate`."""

import argparse
from typing import Any

from firsthand.commandline import add_command, say, say_json


def add_winrate_commands(group: Any) -> None:
    """Add the command of this folder."""
    winrate = add_command(
        group,
        "winrate",
        win_rates,
        "measure how often each author wins, judges corrected by people",
        store=True,
        as_json=True,
    )
    winrate.add_argument(
        "--judge", metavar="NAME", action="append", help="only this judge; may be given again (default: every judge)"
    )
    winrate.add_argument("--against", metavar="AUTHOR", help="only comparisons with this author on the other side")
    winrate.add_argument(
        "--bound",
        choices=("both", "lower", "upper"),
        default="both",
        help="which end the 95 %% interval has; with one, all of the error is on its side (default: both)",
    )


def win_rates(args: argparse.Namespace) -> None:
    """Print each author's win rate by each judge, by people, and corrected."""
    from firsthand.collect.work.proposals import worth_before_people
    from firsthand.evaluate.winrate.outcomes import author_outcomes
    from firsthand.evaluate.winrate.report import measure_win_rates, win_rate_json, win_rate_text
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        found = measure_win_rates(
            author_outcomes(store, args.judge, args.against), args.bound, worth_before_people(store)
        )
    if args.json:
        say_json(win_rate_json(found, args.bound))
    else:
        say(win_rate_text(found, args.bound))
