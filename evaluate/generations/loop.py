"""The loop with real models: a generator answers, a judge compares, a mix is drawn, DPO trains the next generator.

Everything goes into one folder, step by step; a step that is done is not done again, so that a run that was
interrupted goes on, and one with more generations, ratios or seeds adds to what is there:

    human.db  anchor.db  prompts.jsonl  probes.jsonl
    seed-13/generation-0/            store.db (what the first model wrote, judged)  gaps.json  probes.json
    seed-13/twin/generation-1/       mix/  model/  gaps.json  probes.json
    seed-13/ratio-0.5/generation-1/  mix/  model/  gaps.json  probes.json  store.db (what this model wrote, judged)
"""

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from firsthand.bootstrap import FloatArray
from firsthand.collect.generate.running import generate, make_run
from firsthand.collect.judge.config import Choice, JudgeJob
from firsthand.collect.judge.job import run_job
from firsthand.errors import FirsthandError, InputError
from firsthand.evaluate.generations.config import GenerationsConfig, ModelLoop
from firsthand.evaluate.generations.measure import Pair, answering, log_probability_gaps, probe_responses, read_pairs
from firsthand.evaluate.generations.outcome import TWIN
from firsthand.evaluate.generations.source import ANCHOR, HUMAN, PROBES, PROMPTS, TAG, Split, copy_store, split_store
from firsthand.store import Store
from firsthand.train.folder import RECORD
from firsthand.train.jobs import DPOJob
from firsthand.train.mix import write_mix
from firsthand.train.mix_config import Anchor, MixConfig, Ratio
from firsthand.train.mix_files import MANIFEST
from firsthand.train.run import train

STORE, MIX, MODEL, GAPS, RESPONSES = "store.db", "mix", "model", "gaps.json", "probes.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained generation. gap: (M,), how much more than the first model it favours A, in nats; beta: DPO's.

    responses: to each probe prompt. rows: that it was trained on, by source; too_long: rows of its mix that it was not
    trained on, being longer than max_length; repeated: rows of its mix that are there again.
    """

    ratio: float
    generation: int
    seed: int
    gap: FloatArray
    beta: float
    responses: list[list[str]]
    rows: dict[str, int]
    too_long: int
    repeated: int


@dataclass(slots=True)
class Ran:
    """What a run left: the models, the first model's responses by seed, the anchor's pairs, and counts by name."""

    pairs: list[Pair]
    split: Split
    models: list[Trained] = field(default_factory=list)
    first: dict[int, list[list[str]]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Run:
    """One run. folder: what a judge's template is relative to."""

    config: GenerationsConfig
    loop: ModelLoop
    out: Path
    folder: Path
    ran: Ran
    progress: Any


def run_models(store: Store, config: GenerationsConfig, loop: ModelLoop, out: Path, folder: Path) -> Ran:
    """Run every loop and its twin in `out`; raises FirsthandError where a step fails: what is done stays."""
    split = split_store(store, loop, out)
    _judge(loop, out / ANCHOR, folder, Choice(), Counter())
    steps = len(config.seeds) * (1 + config.generations * (1 + len(config.ratios)))
    ran = Ran(_readable(out / ANCHOR, loop, split), split)
    with tqdm(total=steps, unit="model", disable=None) as progress:
        run = _Run(config, loop, out, folder, ran, progress)
        for seed in config.seeds:
            _first(run, seed)
            for ratio in (TWIN, *config.ratios):
                for generation in range(1, config.generations + 1):
                    _generation(run, seed, ratio, generation)
    return ran


def _readable(anchor: Path, loop: ModelLoop, split: Split) -> list[Pair]:
    """The anchor's pairs that are no longer than training's max_length."""
    longest = loop.training.trainer.get("max_length", 1024)
    pairs = read_pairs(anchor, loop.model)
    kept = [pair for pair in pairs if longest is None or pair.tokens <= longest]
    if not kept:
        raise InputError(
            f"all {split.anchor_comparisons:,} comparisons of the anchor are longer than max_length ({longest} "
            "tokens); raise models.training.trainer.max_length"
        )
    return kept


def _first(run: _Run, seed: int) -> None:
    """What the model that all loops start from says and writes."""
    run.progress.set_description(f"seed {seed}, the first model")
    folder = _folder(run, seed, TWIN, 0)
    folder.mkdir(parents=True, exist_ok=True)
    log_probability_gaps(run.loop.model, run.ran.pairs, folder / GAPS)
    run.ran.first[seed] = probe_responses(run.loop, run.loop.model, run.out / PROBES, seed, folder / RESPONSES)
    _write_and_judge(run, seed, TWIN, 0, run.loop.model)
    run.progress.update()


def _generation(run: _Run, seed: int, ratio: float, generation: int) -> None:
    """Train one generation and measure it; a loop's also writes what the next one is trained on."""
    run.progress.set_description(f"seed {seed}, {_arm(ratio)}, generation {generation}")
    folder = _folder(run, seed, ratio, generation)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _mix(run, seed, ratio, generation)
    record = _train(run, seed, ratio, generation)
    model = str(folder / MODEL)
    first = log_probability_gaps(run.loop.model, run.ran.pairs, _folder(run, seed, TWIN, 0) / GAPS)
    gap = log_probability_gaps(model, run.ran.pairs, folder / GAPS) - first
    responses = probe_responses(run.loop, model, run.out / PROBES, seed, folder / RESPONSES)
    if ratio != TWIN and generation < run.config.generations:
        _write_and_judge(run, seed, ratio, generation, model)
    rows = {source: round(of["rows"]) for source, of in record["mix"]["realised"].items()}
    too_long = sum(record["counts"]["too_long"].get("train", {}).values())
    run.ran.models.append(
        Trained(ratio, generation, seed, gap, record["beta"], responses, rows, too_long, manifest["repeated"])
    )
    run.progress.update()


def _mix(run: _Run, seed: int, ratio: float, generation: int) -> dict[str, Any]:
    """The mix that `generation` is trained on: people's rows, and the judge's on what the generation before wrote."""
    out = _folder(run, seed, ratio, generation) / MIX
    if (out / MANIFEST).is_file():
        manifest: dict[str, Any] = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return manifest
    before = _folder(run, seed, ratio if generation > 1 else TWIN, generation - 1) / STORE
    config = MixConfig(
        ratio=Ratio(human=1 - ratio, synthetic=ratio),
        size=run.loop.rows,
        # Twin models: the same number of rows at every ratio; those that are there again are counted.
        shortage="repeat",
        human=run.loop.human,
        synthetic=run.loop.synthetic,
        conflict="keep_both",
        anchor=Anchor(fraction=0.0),  # the store of a loop holds no prompt of its anchor
        seed=seed + generation,
    )
    with Store(str(run.out / HUMAN if ratio == TWIN else before), must_exist=True) as store:
        return write_mix(store, config, out)


def _train(run: _Run, seed: int, ratio: float, generation: int) -> dict[str, Any]:
    training = run.loop.training
    goes_on = training.start == "previous" and generation > 1
    before = str(_folder(run, seed, ratio, generation - 1) / MODEL) if goes_on else run.loop.model
    folder = _folder(run, seed, ratio, generation)
    if (folder / MODEL / RECORD).is_file():
        record: dict[str, Any] = json.loads((folder / MODEL / RECORD).read_text(encoding="utf-8"))
        return record
    job = DPOJob(model=before, lora=training.lora, preset=training.preset, trainer={**training.trainer, "seed": seed})
    record = train(job, folder / MIX, folder / MODEL)
    for checkpoint in (folder / MODEL).glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    return record


def _write_and_judge(run: _Run, seed: int, ratio: float, generation: int, model: str) -> None:
    """What `generation` writes, judged, in a store beside people's preferences."""
    folder = _folder(run, seed, ratio, generation)
    if not (folder / STORE).exists():
        before = _folder(run, seed, ratio if generation > 1 else TWIN, generation - 1) / STORE
        copy_store(before if run.loop.accumulate and generation else run.out / HUMAN, folder / STORE)
    author = f"generation {generation} of {_arm(ratio)}" if generation else "the first model"
    with Store(str(folder / STORE), must_exist=True) as store:
        samples = run.loop.response.samples
        report = generate(make_run(answering(run.loop, author, model, run.out / PROMPTS, seed, samples), store))
    for kind, count in report.models[0].failures.items():
        run.ran.counts[f"responses that failed: {kind}"] += count
    for reason, count in report.pairs.left_out.items():
        run.ran.counts[f"pairs of responses left out: {reason}"] += count
    _judge(run.loop, folder / STORE, run.folder, Choice(tags={TAG: ["yes"]}), run.ran.counts)


def _judge(loop: ModelLoop, path: Path, folder: Path, choice: Choice, counts: Counter[str]) -> None:
    """Have the judge compare what it has not; raises FirsthandError where it stopped answering."""
    with Store(str(path), must_exist=True) as store:
        (report,) = run_job(store, JudgeJob(judges=loop.judge, comparisons=choice), folder)
    if report.stopped:
        raise FirsthandError(f"the judge {report.name} stopped: {report.stopped}; run the command again to go on")
    for kind, count in report.failures.items():
        counts[f"judge's answers that failed: {kind}"] += count
    if report.left:
        counts["comparisons that the judge left without a verdict"] += report.left


def _folder(run: _Run, seed: int, ratio: float, generation: int) -> Path:
    seeded = run.out / f"seed-{seed}"
    return seeded / _arm(ratio) / f"generation-{generation}" if generation else seeded / "generation-0"


def _arm(ratio: float) -> str:
    return "twin" if ratio == TWIN else f"ratio-{ratio:g}"
