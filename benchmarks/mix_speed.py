"""Mixing beside datasets.interleave_datasets + save_to_disk, on as many rows of the same texts.

    python benchmarks/mix_speed.py [--rows 1000000] [--folder DIR]

Each side runs in a process of its own, which reports its seconds and its peak memory (resident, without file-backed
pages, which the system takes back when it needs them). Building the store and the peer's two data sets isn't timed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

BATCH = 5_000
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="preferences in the store, half of each source")
    parser.add_argument("--folder", type=Path, default=None, help="where to work (default: a temporary folder)")
    parser.add_argument("--side", choices=["build", "ours", "peer-data", "peer"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(SIDES[args.side](args.folder, args.rows)))
        return
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        run("build", folder, args.rows)
        results: dict[str, list[dict[str, Any]]] = {"ours": [run("ours", folder, args.rows)], "peer": []}
        run("peer-data", folder, args.rows)
        for repeat in range(REPEATS):
            results["peer"].append(run("peer", folder, args.rows))
            if repeat:
                results["ours"].append(run("ours", folder, args.rows))
    finally:
        shutil.rmtree(folder)
    print(f"{args.rows:,} preferences, {REPEATS} runs a side, the median second and the largest peak")
    medians = {}
    for side, runs in results.items():
        medians[side] = sorted(one["seconds"] for one in runs)[len(runs) // 2]
        peak = max(one["peak_mb"] for one in runs)
        print(f"{side:6}{medians[side]:>10.1f} s{peak:>10,.0f} MB{runs[0]['rows']:>12,} rows")
    print(f"peer / ours: {medians['peer'] / medians['ours']:.2f}")


def run(side: str, folder: Path, rows: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder), "--rows", str(rows)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def build(folder: Path, rows: int) -> dict[str, Any]:
    from firsthand.lines import parse_line
    from firsthand.store import Store

    with Store(str(folder / "store.db")) as store:
        batch = []
        for line in lines(rows):
            batch.append(parse_line(line))
            if len(batch) == BATCH:
                store.add(batch)
                batch = []
        store.add(batch)
    return {"rows": rows}


def lines(rows: int) -> Iterator[dict[str, Any]]:
    """Comparisons of 1 KB responses, four a prompt, people and a judge in turn."""
    for number in range(rows):
        person = number % 2 == 0
        yield {
            "prompt": f"Prompt {number // 4}: " + "why? " * 12,
            "response_a": (f"answer {number} of model x, " * 60)[:1000],
            "response_b": (f"answer {number} of model y, " * 60)[:1000],
            "author_a": "model-x",
            "author_b": "model-y",
            "annotator": f"rater-{number % 50}" if person else "judge",
            "source": "human" if person else "synthetic",
            "verdict": "ab"[number // 3 % 2],
            "tags": {"domain": ("law", "code", "chat")[number % 3]},
        }


def ours(folder: Path, _rows: int) -> dict[str, Any]:
    from firsthand.config import check_config
    from firsthand.store import Store
    from firsthand.train.mix import write_mix
    from firsthand.train.mix_config import MixConfig

    setting = check_config({"ratio": {"human": 0.5, "synthetic": 0.5}, "anchor": {"fraction": 0.0}}, MixConfig)
    with Store(str(folder / "store.db")) as store, Measured() as measured:
        manifest = write_mix(store, setting, folder / "mix")
    return {"rows": manifest["splits"]["train"]["rows"], **measured.figures}


def peer_data(folder: Path, _rows: int) -> dict[str, Any]:
    import datasets

    mix = datasets.load_dataset(str(folder / "mix"), split="train", cache_dir=str(folder / "cache"))
    for source in ("human", "synthetic"):
        mix.filter(lambda rows, source=source: [one == source for one in rows["source"]], batched=True).save_to_disk(
            str(folder / source)
        )
    shutil.rmtree(folder / "cache")
    return {"rows": len(mix)}


def peer(folder: Path, _rows: int) -> dict[str, Any]:
    import datasets

    parts = [datasets.load_from_disk(str(folder / source)) for source in ("human", "synthetic")]
    out = folder / "peer"
    with Measured() as measured:
        mix = datasets.interleave_datasets(parts, probabilities=[0.5, 0.5], seed=13)
        mix.save_to_disk(str(out))
    shutil.rmtree(out)
    return {"rows": len(mix), **measured.figures}


class Measured:
    """Seconds and the peak of anonymous memory (MB) while the block runs, sampled 20 times a second."""

    def __enter__(self) -> "Measured":
        self.peak, self.done = 0.0, Event()
        self.sampler = Thread(target=self._sample, daemon=True)
        self.sampler.start()
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self.start
        self.done.set()
        self.sampler.join()
        self.figures = {"seconds": seconds, "peak_mb": self.peak}

    def _sample(self) -> None:
        while not self.done.wait(0.05):
            status = Path("/proc/self/status").read_text()
            (line,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(line.split()[1]) / 1000)


SIDES = {"build": build, "ours": ours, "peer-data": peer_data, "peer": peer}

if __name__ == "__main__":
    main()
