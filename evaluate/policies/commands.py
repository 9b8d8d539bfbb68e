"""The command `firsthand evaluate policies`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.errors import InputError


def add_policies_command(group: Any) -> None:
    """Add `policies` to the evaluate commands."""
    parser = add_command(
        group,
        "policies",
        policies,
        "rank policies by people's comparisons of their responses",
        store=True,
        as_json=True,
    )
    parser.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG", help="YAML; configs/policies.yaml explains every key"
    )
    parser.add_argument("--authors", nargs="+", metavar="NAME", help="only these, two at least (replaces authors)")
    parser.add_argument("--by", metavar="NAME", help="a judge's votes instead of people's (replaces by)")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="also write a page with the plots")


def policies(args: argparse.Namespace) -> None:
    """Rank the authors of the store's responses and, where asked, tell which way to train pays."""
    from firsthand.config import check_config, load_config
    from firsthand.evaluate.policies.config import PoliciesConfig
    from firsthand.evaluate.policies.page import write_policies_page
    from firsthand.evaluate.policies.ranking import rank_policies
    from firsthand.evaluate.policies.read import read_compared
    from firsthand.evaluate.policies.report import ranking_json, ranking_text
    from firsthand.store import Store

    if args.report and not args.report.parent.is_dir():
        raise InputError(f"can't write {args.report}: the folder {args.report.parent} does not exist")
    given = {name: value for name in ("authors", "by") if (value := getattr(args, name)) is not None}
    if args.config:
        config = load_config(args.config, PoliciesConfig, given)
    else:
        config = check_config(given, PoliciesConfig, where="the command's options")
    with Store(args.store, must_exist=True) as store:
        compared = read_compared(store, config)
    ranking = rank_policies(compared, config)
    if args.report:
        write_policies_page(ranking, config, args.report)
        note(f"wrote {args.report}")
    if args.json:
        say_json(ranking_json(ranking, config))
    else:
        say(ranking_text(ranking, config))
