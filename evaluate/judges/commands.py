"""`firsthand evaluate judges`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.errors import InputError


def add_judges_command(group: Any) -> None:
    """Add the command to the group `evaluate`."""
    parser = add_command(
        group, "judges", judges, "hold each judge against people, and decide whose labels a mix may take",
        store=True, as_json=True,
    )  # fmt: skip
    parser.add_argument("--tag", metavar="NAME", help="also measure, and admit, each value of this tag apart")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="write the admission rules that train mix reads")
    parser.add_argument(
        "--target", type=_share, default=0.85, metavar="SHARE", help="agreement that admitted labels must reach (0.85)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="also write a page with the plots")


def judges(args: argparse.Namespace) -> None:
    """Print how far each judge agrees with people, and write the rules and the page that were asked for."""
    from firsthand.admission import write_admission
    from firsthand.collect.judge.panels import panel_names
    from firsthand.evaluate.judges.bench import COLUMNS
    from firsthand.evaluate.judges.findings import find
    from firsthand.evaluate.judges.listing import findings_json
    from firsthand.evaluate.judges.page import write_judges_page
    from firsthand.evaluate.judges.report import findings_text
    from firsthand.store import Store

    for path in (args.rules, args.report):
        if path and not path.parent.is_dir():
            raise InputError(f"can't write {path}: the folder {path.parent} does not exist")
    with Store(args.store, must_exist=True) as store:
        votes, panels = store.votes(COLUMNS), panel_names(store)
    found = find(votes, args.tag, args.target, panels=panels)
    if args.rules:
        write_admission(found.admission, args.rules)
        note(f"wrote {args.rules}")
    if args.report:
        write_judges_page(found, args.report)
        note(f"wrote {args.report}")
    if args.json:
        say_json(findings_json(found))
    else:
        say(findings_text(found))


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1, such as 0.85")
    return value
