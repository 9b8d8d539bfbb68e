"""What a fast sweep of 11 ratios x 5 seeds costs beside one reading of its features, and beside real trainings.

    python benchmarks/sweep_speed.py --store STORE --judge NAME [--full]
    python benchmarks/sweep_speed.py --pairs 200000

The first reads every response of the store with smollm2, nothing being cached, and sweeps; --full also trains two
reward models of the sweep, whose mean seconds times the number of models are the full sweep's. The second measures the
peak memory of a sweep of so many comparisons, whose states are drawn by chance in place of a model's.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firsthand.config import check_config
from firsthand.evaluate.sweep import features
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.fast import run_fast
from firsthand.evaluate.sweep.full import run_full
from firsthand.evaluate.sweep.read import Material, read_material
from firsthand.lines import parse_line
from firsthand.store import Store

SWEEP = {"designs": ["replace"], "curve": []}
WIDTH, WORDS = 576, 80
AT_ONCE = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="a store with people's labels and a judge's")
    parser.add_argument("--judge")
    parser.add_argument("--full", action="store_true", help="also train two models")
    parser.add_argument("--pairs", type=int, help="comparisons of a simulated store, to measure memory")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.pairs:
            memory(Path(folder), args.pairs)
        else:
            speed(Path(folder), args.store, args.judge, args.full)


def speed(folder: Path, url: str, judge: str | None, full: bool) -> None:
    config = check_config({**SWEEP, "judge": judge, "features": {"cache": folder / "cache"}}, SweepConfig)
    with Store(url, must_exist=True) as store:
        material = read_material(store, config)
        facts = run_fast(store, material, config)[0].facts
        reading, training = float(facts["seconds of reading"]), float(facts["seconds of training"])
        print(f"{facts['responses']:,} responses read in {reading:.0f} s")
        print(f"{facts['models trained']} models trained in {training:.0f} s")
        print(f"sweep / one reading: {(reading + training) / reading:.2f}")
        if full:
            seconds = one_full(store, material, config, folder)
            whole = seconds * int(facts["models trained"])
            print(f"one training {seconds:.0f} s; full sweep / fast sweep: {whole / (reading + training):.0f}")


def one_full(store: Store, material: Material, config: SweepConfig, folder: Path) -> float:
    """Seconds to train and score a model of the middle ratio; the model of people's rows alone is trained too."""
    job = {"model": "smollm2", "lora": {"r": 16, "target_modules": "all-linear"}, "preset": "fast"}
    keys = {"ratios": (0.0, 0.5), "seeds": 1, "full": check_full(job)}
    start = time.perf_counter()
    run_full(store, material, config.model_copy(update=keys), folder / "full")
    return (time.perf_counter() - start) / 2


def check_full(job: dict[str, Any]) -> Any:
    return check_config({"full": {"job": job}}, SweepConfig).full


def memory(folder: Path, pairs: int) -> None:
    with Store(str(folder / "store.db")) as store:
        for lines in simulated(pairs):
            store.add([parse_line(line) for line in lines])
        built = peak()
        vars(features)["HiddenStates"] = Drawn
        config = check_config(
            {**SWEEP, "ratios": [0, 0.5, 1], "seeds": 1, "features": {"cache": folder / "cache"}}, SweepConfig
        )
        start = time.perf_counter()
        material = read_material(store, config)
        ran, _ = run_fast(store, material, config)
    seconds = time.perf_counter() - start
    print(f"{len(material.comparisons):,} comparisons, {ran.facts['responses']:,} responses, {seconds:.0f} s")
    print(f"peak memory {peak():,.0f} MB ({built:,.0f} MB after the store was built)")


class Drawn:
    """In place of a model: states by chance."""

    def __init__(self, *_given: Any) -> None:
        self.chance = np.random.default_rng(0)

    def __call__(self, prompts: Sequence[Any], _responses: Sequence[Any]) -> Any:
        return self.chance.standard_normal((len(prompts), WIDTH), np.float32).astype(np.float16)


def simulated(pairs: int) -> Iterator[list[dict[str, Any]]]:
    """Lines of a store: people on every comparison, the judge too, four comparisons a prompt, WORDS words each."""
    chance = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(2_000)])
    for start in range(0, pairs, AT_ONCE):
        lines = []
        for number in range(start, min(pairs, start + AT_ONCE)):
            texts = [" ".join(words[chance.integers(0, len(words), WORDS)]) for _ in range(2)]
            compared = {"prompt": f"question {number // 4}", "response_a": texts[0], "response_b": texts[1]}
            for source, annotator in (("human", "ann"), ("synthetic", "judge")):
                verdict = "ab"[int(chance.random() < 0.5)]
                lines.append({**compared, "source": source, "annotator": annotator, "verdict": verdict})
        yield lines


def peak() -> float:
    """Megabytes of this process at its largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
