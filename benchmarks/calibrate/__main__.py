"""Continue the calibration and write docs/calibration.md anew.

    cd benchmarks; python -m calibrate [STUDY] [--worlds 1000] [--minutes 10] [--cells equal power] [--render]

Cells take turns, a few worlds each, and results are kept after every turn: stop it at any time. STUDY is `verdict`,
the audit on the grid; `peers`, other packages on the same worlds, which needs them, numpy, scipy and this project's
sources, but not torch; `errors`, three ways to tell the error of an affinity; or `command`, the whole command with
`--fail-on`. `--render` only writes the page.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from calibrate.grid import CELLS, CLUSTERED, WHOLE, Cell
from calibrate.methods import OURS, Method
from calibrate.page import page
from calibrate.results import Results, Tally, check_first, go_on, load, save

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "calibration.md"
KEPT = {
    "verdict": DOCS / "calibration.json",
    "peers": DOCS / "calibration-peers.json",
    "errors": DOCS / "calibration-errors.json",
    "command": DOCS / "calibration-command.json",
}
"""Study -> where its results are kept."""
GRIDS = {"verdict": CELLS, "peers": CELLS, "errors": CLUSTERED, "command": WHOLE}
TURN = 20
"""Worlds of a cell before the next cell has its turn."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate", description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", choices=list(KEPT), default="verdict", help="default: verdict")
    parser.add_argument("--worlds", type=int, default=1_000, help="worlds a cell (default: 1000)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="processor minutes after which to stop")
    parser.add_argument("--cells", nargs="+", help="default: all of the study")
    parser.add_argument("--methods", nargs="+", help="default: all that this run has")
    parser.add_argument("--render", action="store_true", help="only write the page")
    args = parser.parse_args()
    if not args.render:
        methods, cells = _methods(args.study), {cell.name: cell for cell in GRIDS[args.study]}
        for asked, known in ((args.methods, methods), (args.cells, cells)):
            if unknown := set(asked or ()) - set(known):
                parser.error(f"{args.study} has no {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
        chosen = {name: method for name, method in methods.items() if not args.methods or name in args.methods}
        wanted = [cell for name, cell in cells.items() if not args.cells or name in args.cells]
        continue_to(args.worlds, wanted, chosen, KEPT[args.study], args.minutes * 60)
    PAGE.write_text(page(kept_results()), "utf-8")


def kept_results() -> dict[str, Results]:
    """Study -> what it gave so far."""
    return {study: load(path) for study, path in KEPT.items()}


def continue_to(
    worlds: int, cells: Sequence[Cell], methods: Mapping[str, Method], path: Path, seconds: float = float("inf")
) -> None:
    """Bring every cell and method to `worlds` worlds, in turns, or stop after `seconds` of processor time.

    Raises StaleResultsError where the kept results are those of other code.
    """
    results = load(path)
    checked = set()
    started = time.process_time()
    for goal in [*range(TURN, worlds, TURN), worlds]:
        for cell in cells:
            for name, method in methods.items():
                tally = results.setdefault(cell.name, {}).setdefault(name, Tally())
                if (cell.name, name) not in checked:
                    check_first(tally, method, cell.world)
                    checked.add((cell.name, name))
                if tally.worlds >= goal:
                    continue
                go_on(tally, method, cell.world, goal)
                save(results, path)
                if time.process_time() - started > seconds:
                    return


def _methods(study: str) -> Mapping[str, Method]:
    # Other packages and the audit need libraries that each other's environment may lack.
    if study == "peers":
        from calibrate.peers import PEERS

        return PEERS
    if study == "errors":
        from calibrate.errors import ERRORS

        return ERRORS
    if study == "command":
        from calibrate.command import COMMAND

        return COMMAND
    from calibrate.verdict import verdict

    return {**OURS, "verdict": verdict}


if __name__ == "__main__":
    main()
