"""How long `evaluate judges` takes on 100,000 preferences with 2,000 draws, and how much memory.

python benchmarks/evaluate_judges_speed.py [--preferences 100000] [--draws 2000] [--peers PYTHON]

Half of the preferences are of people, three a comparison; the other half of three judges, which give probabilities.
Every figure of the command is made: accuracy and chance-corrected agreement with intervals, the alternative annotator
test, order, calibration, groups, panel and admission. Goals: 30 s and 2 GB on two cores. With --peers (an environment
with judgekit and metajudge) their one figure is timed on the same table for a few draws, and told for as many as ours.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from firsthand.evaluate.judges.bench import CHOICES, COLUMNS, read_bench
from firsthand.evaluate.judges.findings import find
from firsthand.lines import parse_line
from firsthand.store import Store

PEOPLE, JUDGES, A_PROMPT = 3, 3, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preferences", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has judgekit and metajudge")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/store.db") as store:
        fill(store, args.preferences)
        start, used = time.perf_counter(), time.process_time()
        votes = store.votes(COLUMNS)
        read = time.perf_counter() - start
        find(votes, "domain", draws=args.draws)
        result = {
            "preferences": len(votes),
            "draws": args.draws,
            "read_seconds": round(read, 2),
            "seconds": round(time.perf_counter() - start, 2),
            "processor_seconds": round(time.process_time() - used, 2),
            "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    if args.peers:
        result["peers_seconds"] = peers(votes, args.peers, args.draws)
    print(json.dumps(result, indent=2))


def fill(store: Store, preferences: int) -> None:
    """Comparisons with the verdicts of three people and three judges on each."""
    generator = np.random.default_rng(13)
    batch = []
    for number in range(preferences // (PEOPLE + JUDGES)):
        better = generator.normal(0, 2)
        comparison = {
            "prompt": f"question {number // A_PROMPT}",
            "response_a": f"first {number}" + " word" * int(generator.integers(0, 20)),
            "response_b": f"second {number}" + " word" * int(generator.integers(0, 20)),
            "author_a": "model-x",
            "author_b": f"model-{number % 5}",
            "tags": {"domain": f"domain {number // A_PROMPT % 6}"},
        }
        for rater in range(PEOPLE):
            verdict = "a" if better + generator.normal(0, 1) > 0 else "b"
            batch.append({**comparison, "annotator": f"rater {rater}", "source": "human", "verdict": verdict})
        for judge in range(JUDGES):
            p_a = float(expit(better + generator.normal(0, 1 + judge)))
            answer = {"p_a": p_a, "verdict": "a" if p_a > 0.5 else "b", "shown_first": "ab"[number % 2]}
            batch.append({**comparison, **answer, "annotator": f"judge {judge}", "source": "synthetic"})
        if len(batch) >= 5_000:
            store.add([parse_line(line) for line in batch])
            batch.clear()
    store.add([parse_line(line) for line in batch])


def peers(votes: pd.DataFrame, python: str, draws: int) -> dict[str, float]:
    """Seconds that each peer would take for `draws` draws, at its seconds a draw."""
    peer = Path(__file__).parent / "peers/judge_agreement.py"
    with tempfile.TemporaryDirectory() as folder:
        export(votes, Path(folder, "table.csv"))
        done = subprocess.run([python, str(peer), f"{folder}/table.csv"], stdout=subprocess.PIPE, check=True)
    return {name: round(draws * seconds, 1) for name, seconds in json.loads(done.stdout).items()}


def export(votes: pd.DataFrame, path: Path) -> None:
    bench = read_bench(votes)
    table = pd.DataFrame({"prompt": bench.prompt, "people": np.array(CHOICES)[bench.majority]})
    for judge in bench.judges:
        table.loc[judge.unit, judge.name] = np.array(CHOICES)[judge.choice]
    table.to_csv(path, index=False)


if __name__ == "__main__":
    main()
