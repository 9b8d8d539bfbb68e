"""Continue the calibration and write docs/calibration.md anew.

    cd benchmarks; python -m calibrate [--worlds 1000] [--minutes 10] [--cells equal power] [--peers] [--render]

Cells take turns, a few worlds each, and results are kept after every turn: stop it at any time. `--peers` runs the
other packages on the same worlds; it needs them, numpy, scipy and this project's sources, but not torch. `--render`
only writes the page.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from calibrate.grid import CELLS, Cell
from calibrate.methods import OURS, Method
from calibrate.page import page
from calibrate.results import Tally, check_first, go_on, load, save

DOCS = Path(__file__).parents[2] / "docs"
OWN_RESULTS, PEER_RESULTS, PAGE = DOCS / "calibration.json", DOCS / "calibration-peers.json", DOCS / "calibration.md"
TURN = 20
"""Worlds of a cell before the next cell has its turn."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m calibrate", description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=1_000, help="worlds a cell (default: 1000)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="processor minutes after which to stop")
    parser.add_argument("--cells", nargs="+", choices=[cell.name for cell in CELLS], help="default: all")
    parser.add_argument("--methods", nargs="+", help="default: all that this run has")
    parser.add_argument("--peers", action="store_true", help="the other packages instead of ours")
    parser.add_argument("--render", action="store_true", help="only write the page")
    args = parser.parse_args()
    if not args.render:
        methods = _methods(args.peers)
        if unknown := set(args.methods or ()) - set(methods):
            parser.error(f"no method {', '.join(sorted(unknown))}: choose from {', '.join(methods)}")
        chosen = {name: method for name, method in methods.items() if not args.methods or name in args.methods}
        cells = [cell for cell in CELLS if not args.cells or cell.name in args.cells]
        path = PEER_RESULTS if args.peers else OWN_RESULTS
        continue_to(args.worlds, cells, chosen, path, args.minutes * 60)
    PAGE.write_text(page(load(OWN_RESULTS), load(PEER_RESULTS)), "utf-8")


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


def _methods(peers: bool) -> Mapping[str, Method]:
    # Each of the two needs packages that the other's environment may lack.
    if peers:
        from calibrate.peers import PEERS

        return PEERS
    from calibrate.verdict import verdict

    return {**OURS, "verdict": verdict}


if __name__ == "__main__":
    main()
