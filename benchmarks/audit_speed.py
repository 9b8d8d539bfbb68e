"""How long the audit takes: one affinity fit, whole audits, and how time grows with votes, judges and families.

    python benchmarks/audit_speed.py [--only fit small growth large]

Simulated worlds; each audit is `run_audit` (every detector, 2,000 draws where one draws) in a process of its own,
so that peak memory is that of one audit, the world in it included. Wall-clock and processor seconds are of the audit
alone. `large` has 200,000 comparisons, 5 judges and 8 families: 1,000,000 verdicts of judges and 280,000 of people.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from statistics import median

import numpy as np

from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.run import run_audit
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.lineage import Lineage

FITS = 9
PARTS = ("fit", "small", "growth", "large")
BASE = {"comparisons": 2_000, "judges": 2, "families": 5}
"""With 3 votes of people a comparison: 10,000 votes."""
LARGE = {"comparisons": 200_000, "judges": 5, "families": 8, "doubled": 0.2}
GROWTH = {"comparisons": (1_000, 2_000, 4_000, 8_000), "judges": (1, 2, 4), "families": (4, 8, 16)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(audit(**args.one)))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if "fit" in args.only:
        print(f"one fit at 600 comparisons, 3 votes each: {fit_milliseconds():.0f} ms of processor time (median)")
    print("comparisons judges families      votes  seconds  processor s  peak MB")
    if "small" in args.only:
        show(BASE)
    if "growth" in args.only:
        for what, values in GROWTH.items():
            for value in values:
                show(BASE | {what: value})
    if "large" in args.only:
        show(LARGE)


def fit_milliseconds() -> float:
    """Processor milliseconds of design and fit, two slopes, over worlds of 400 own and 200 other comparisons."""
    taken = []
    for seed in range(FITS):
        table = simulate(World(advantage=0.5, judges=(Judge(affinity=0.5),)), seed)
        own = (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)
        length = np.log(table.length[:, 0] / table.length[:, 1])
        scaled = length / np.sqrt(np.mean(length**2))
        started = time.process_time()
        fit(design(table, 0, {"own": own}, {"length": scaled}))
        taken.append(1_000 * (time.process_time() - started))
    return median(taken)


def show(world: dict[str, float]) -> None:
    """Measure one audit in a process of its own and print its line."""
    command = [sys.executable, __file__, "--one", json.dumps(world)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.splitlines()[-1])
    print(
        f"{world['comparisons']:>11,} {world['judges']:>6} {world['families']:>8} {found['votes']:>10,}"
        f" {found['seconds']:>8.2f} {found['processor']:>12.2f} {found['peak_mb']:>8,}",
        flush=True,
    )


def audit(comparisons: int, judges: int, families: int, doubled: float = 1.0) -> dict[str, float]:
    """One audit; the first judge favours `own`, every author is a family."""
    own_pairs = comparisons // 2
    world = World(
        own_pairs=own_pairs,
        other_pairs=comparisons - own_pairs,
        others=families - 1,
        doubled=doubled,
        judges=(Judge(affinity=0.5), *[Judge(sharpness=0.7)] * (judges - 1)),
    )
    table = simulate(world, seed=13)
    stated = {name: Lineage(name, family="own") for name in ("own", table.judges[0])}
    lineages = {name: Lineage(name, family=name) for name in (*table.authors, *table.judges)} | stated
    processor, started = time.process_time(), time.perf_counter()
    run_audit(table, lineages, AuditConfig())
    return {
        "votes": len(table.people) + len(table.judged),
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
