"""`firsthand collect status`: what the store holds, how far people have come, and what they should label next."""

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firsthand.commandline import add_command, say, say_json
from firsthand.errors import InputError

if TYPE_CHECKING:
    from firsthand.collect.serve_config import Assignment
    from firsthand.collect.work.overview import Overview
    from firsthand.collect.work.proposals import Proposal
    from firsthand.store import Store

ID_SHOWN = 12


def add_status_command(group: Any) -> None:
    """Add the command."""
    parser = add_command(
        group,
        "status",
        status,
        "show what the store holds, how far people have come, and what they should label next",
        store=True,
        as_json=True,
    )
    parser.add_argument(
        "--next", metavar="N", type=int, default=0, help="also the N comparisons whose human label is worth most"
    )
    parser.add_argument("--rules", metavar="FILE", type=Path, help="with --next: an admission file for the judges")
    parser.add_argument("--cover", metavar="TAG", help="with --next: the tag whose every value people shall label")


def status(args: argparse.Namespace) -> None:
    """Print counts of what the store holds, how far people have come, and with --next what to label next."""
    from firsthand.collect.tags import check_tag
    from firsthand.collect.work.overview import overview
    from firsthand.collect.work.proposals import propose
    from firsthand.store import Store

    if args.next < 0:
        raise InputError(f"--next is {args.next}; expected how many comparisons to propose, 1 or more")
    if not args.next and (args.rules or args.cover):
        raise InputError("--rules and --cover say what to propose: give --next N too")
    with Store(args.store, must_exist=True) as store:
        counts, reached = asdict(store.counts()), overview(store)
        if args.cover is not None:
            check_tag(store, args.cover, "--cover")
        proposals = propose(store, args.next, _assignment(store, args)) if args.next else []
    if args.json:
        say_json(
            {
                **counts,
                **asdict(reached),
                "agreement": reached.agreement,
                **({"next": [one.as_json() for one in proposals]} if args.next else {}),
            }
        )
        return
    for name, count in counts.items():
        say(f"{name:12} {count:>10,}")
    _tell_reached(reached)
    if args.next:
        _tell(proposals)


def _assignment(store: "Store", args: argparse.Namespace) -> "Assignment":
    """The rating site's own plan, or the defaults where none rates from this store; options go before it."""
    from firsthand.collect.serve_config import Assignment
    from firsthand.collect.work.renewing import remembered_assignment

    plan = remembered_assignment(store) or Assignment()
    given = {name: value for name, value in (("rules", args.rules), ("cover", args.cover)) if value is not None}
    return plan.model_copy(update={"order": plan.order.model_copy(update=given)})


def _tell_reached(reached: "Overview") -> None:
    say(f"\n{'labelled':12} {reached.labelled:>10,} of {reached.rateable:,} comparisons, by a person at least")
    say(f"{'needed':12} {reached.needed:>10,} of {reached.wanted:,} verdicts of people are still missing")
    if reached.agreement is None:
        say(f"{'agreement':12} {'-':>10} no comparison has verdicts of two people")
    else:
        share = f"{reached.agreement:.0%}"
        say(f"{'agreement':12} {share:>10} of {reached.pairs:,} pairs of people's verdicts on a comparison agree")


def _tell(proposals: Iterable["Proposal"]) -> None:
    for one in proposals:
        tags = ", ".join(f"{name}={value}" for name, value in one.tags.items())
        authors = f"{one.author_a or 'unknown'} and {one.author_b or 'unknown'}"
        asked = f"worth {one.worth:.1f}, {one.people} of {one.wanted} people"
        say(f"\n{one.comparison_id[:ID_SHOWN]}  {asked}  {authors}  {tags}".rstrip())
        for because in one.because:
            say(f"  {because.text}")
    if not proposals:
        say("\nno comparison is open: every one has the people it shall have")
