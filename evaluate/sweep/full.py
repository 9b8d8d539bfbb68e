"""The full engine: a real training of each arm, ratio and seed by the trainers of `train reward` and `train dpo`.

Every model has a folder of its own under `--out`. One that is finished is never trained again, and one that was
interrupted goes on from its last checkpoint. Several accelerators train one model each at a time.
"""

import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from firsthand.bootstrap import FloatArray
from firsthand.commandline import note
from firsthand.errors import InputError
from firsthand.evaluate.held_out import SPLITS, HeldOut
from firsthand.evaluate.scoring import score_rows
from firsthand.evaluate.sweep.config import FullRules, SweepConfig
from firsthand.evaluate.sweep.engine import Ran
from firsthand.evaluate.sweep.fitting import too_long
from firsthand.evaluate.sweep.outcome import EvalTable, Point
from firsthand.evaluate.sweep.plan import Planned, plan
from firsthand.evaluate.sweep.points import part_of, part_of_table
from firsthand.evaluate.sweep.read import Facts, Material, counts_of
from firsthand.evaluate.trained_model import read_model
from firsthand.records import Content, Message, as_messages
from firsthand.store import Store
from firsthand.train.folder import write_json
from firsthand.train.mix import Mix, mix_from, write_drawn
from firsthand.train.run import train

RECORD = "run.json"
PERMUTED = "control: the judge's labels are permuted within strata of human margin and length; no mix to train for use"


@dataclass(frozen=True, slots=True)
class Run:
    """One training: the mix is in `folder`/mix, its content hash sha256; the seed is that of the draw and the job.

    base: the version of the model that is trained.
    """

    folder: Path
    rules: FullRules
    seed: int
    sha256: str
    base: str

    def identity(self) -> dict[str, Any]:
        """What another run in this folder would differ in."""
        job = self.rules.job_for(self.seed).model_dump(mode="json")
        return {"kind": self.rules.kind, "job": job, "base": self.base, "mix_sha256": self.sha256}


def run_full(store: Store, material: Material, config: SweepConfig, out: Path) -> Ran:
    """Train every model of the sweep in a folder under `out`, or take it from there where it is finished.

    Raises InputError where a folder holds a run of another job, or a training diverged; what was finished stays, its
    mix too.
    """
    rows = _held_out(store, material.table)
    planned, base = list(plan(material, config)), config.full.base_version(config.seed)
    runs = [_prepare(store, each, config.full, base, out / "models") for each in planned]
    open_runs = [run for run in runs if _finished(run, len(rows)) is None]
    if len(open_runs) < len(runs):
        note(f"{len(runs) - len(open_runs)} of {len(runs)} models are finished already")
    for _ in tqdm(_trained(open_runs, rows), total=len(open_runs), desc="full sweep", unit="model", disable=None):
        pass
    gaps = np.stack([_gap(run, len(rows)) for run in runs])
    fits = np.flatnonzero(np.isfinite(gaps).all(axis=0))
    if not len(fits):
        raise InputError("none of the anchor's comparisons fits into the model; raise full.job.trainer.max_length")
    points = (
        Point(each.arm, each.ratio, each.seed, each.human_rows, each.synthetic_rows, gap)
        for each, gap in zip(planned, gaps, strict=True)
    )
    facts: Facts = {
        "trained": f"{config.full.kind}, {config.full.job_for(config.seed).model}",
        "models trained": len(runs),
        **{f"training rows too long for the model ({name})": too_long(of.drops) for name, of in material.pools.items()},
        "anchor comparisons too long for the model": len(rows) - len(fits),
    }
    table = part_of_table(material.table, fits)
    facts |= counts_of(table)
    return Ran(tuple(part_of(point, fits) for point in points), table, facts)


def _prepare(store: Store, planned: Planned, rules: FullRules, base: str, models: Path) -> Run:
    """Write the mix of a model; that of a finished one stays, and what would be drawn now is held against it."""
    name = f"{planned.arm.name}-{planned.arm.design}-{planned.human_rows}+{planned.synthetic_rows}-seed{planned.seed}"
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    drawn = mix_from(planned.pools, planned.mix, store.counts())
    if planned.arm.design == "permuted":
        drawn = Mix(drawn.splits, {**drawn.facts, "warnings": [*drawn.facts["warnings"], PERMUTED]})
    with tempfile.TemporaryDirectory() as aside:
        finished = (folder / RECORD).exists()
        manifest = write_drawn(store, drawn, Path(aside, "mix") if finished else folder / "mix")
    return Run(folder, rules, planned.seed, str(manifest["content_sha256"]), base)


def _finished(run: Run, rows: int) -> FloatArray | None:
    """The gaps (rows,) of a finished run; InputError where the folder is that of another run."""
    try:
        record = json.loads((run.folder / RECORD).read_text(encoding="utf-8"))
        identity, gap = record["identity"], record["gap"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"can't read {run.folder / RECORD} ({type(error).__name__}: {error}); remove it, and the model is trained "
            "again"
        ) from error
    if identity != run.identity() or len(gap) != rows:
        raise InputError(
            f"{run.folder} holds a model of another job, mix or anchor; give --out another folder, or remove this one"
        )
    return np.array([np.nan if each is None else each for each in gap], np.float64)


def _gap(run: Run, rows: int) -> FloatArray:
    found = _finished(run, rows)
    if found is None:
        raise InputError(f"{run.folder} was not finished; run the same command again, it goes on from there")
    return found


def _trained(runs: Sequence[Run], rows: HeldOut) -> Iterator[None]:
    """Train the runs, one at a time on each accelerator, or one after the other in this process where there is one."""
    devices = torch.cuda.device_count()
    if devices < 2:
        for run in runs:
            _train(run, rows)
            yield
        return
    context = multiprocessing.get_context("spawn")
    free = context.Queue()
    for number in range(devices):
        free.put(number)
    with ProcessPoolExecutor(devices, context, _take_device, (free,)) as pool:
        yield from pool.map(_train, runs, [rows] * len(runs))


def _take_device(free: Any) -> None:
    """Leave this process one accelerator to see."""
    os.environ["CUDA_VISIBLE_DEVICES"] = str(free.get())


def _train(run: Run, rows: HeldOut) -> None:
    """Train the model, keep its scores, and give its disk space back; an error names the model."""
    model = run.folder / "model"
    try:
        record = train(run.rules.job_for(run.seed), run.folder / "mix", model, evaluate=False)
    except InputError as error:
        raise InputError(
            f"the sweep's model {run.folder.name}: {error}. In a sweep these keys stand under full.job "
            "(full.job.trainer...), and --out is the sweep's"
        ) from error
    scores = score_rows(read_model(model), rows)
    gap = [float(value) if np.isfinite(value) else None for value in scores.chosen - scores.rejected]
    write_json(run.folder / RECORD, {"identity": run.identity(), "training": record, "gap": gap})
    if not run.rules.keep_models:
        shutil.rmtree(model)


def _held_out(store: Store, table: EvalTable) -> HeldOut:
    """The comparisons of the table with A as `chosen`."""
    found: dict[str, tuple[list[Message], Content, Content]] = {}
    for texts in store.texts(table.comparison_id):
        for comparison_id, prompt, a, b, *_ in texts:
            if a is None or b is None:
                raise InputError(f"the comparison {comparison_id} has no texts; only its responses' ids are known")
            found[comparison_id] = (prompt, a, b)
    rows = [found[name] for name in table.comparison_id]
    return HeldOut(
        prompt=[prompt for prompt, _, _ in rows],
        chosen=[as_messages(a) for _, a, _ in rows],
        rejected=[as_messages(b) for _, _, b in rows],
        split=np.array([SPLITS[0]] * len(rows)),
        simulated=np.zeros(len(rows), np.bool_),
        prompt_number=table.prompt,
    )
