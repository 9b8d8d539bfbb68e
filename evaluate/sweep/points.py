"""The raw points of a sweep on disk, one file for each engine, so that one can be held against the other."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray
from firsthand.errors import InputError
from firsthand.evaluate.model_version import model_version
from firsthand.evaluate.sweep.cells import by_seed
from firsthand.evaluate.sweep.config import Engine, SweepConfig
from firsthand.evaluate.sweep.outcome import Arm, EvalTable, Point
from firsthand.evaluate.sweep.read import Material
from firsthand.records import content_id, dump


@dataclass(frozen=True, slots=True)
class Saved:
    """The points of an earlier run, the comparisons they are on, and the identity of the run."""

    identity: str
    comparison_id: tuple[str, ...]
    points: tuple[Point, ...]


def points_file(out: Path, engine: str) -> Path:
    """Where an engine's points are."""
    return out / f"points-{engine}.npz"


def run_identity(material: Material, config: SweepConfig, engine: Engine) -> str:
    """A hash of the labels, and of what the configuration says of draws and of the engine's model and training.

    Which ratios, seeds, designs and shares of a curve are trained is no part of it: engines are compared on those that
    both trained.
    """
    own: dict[str, Any]
    if engine == "fast":
        version = None if config.features.model is None else model_version(config.features.model)
        features = config.features.model_dump(mode="json", exclude={"cache"})
        own = {**features, "version": version, "soft_labels": config.soft_labels}
    else:
        full = config.full.model_dump(mode="json", exclude={"keep_models"})
        own = {**full, "version": config.full.base_version(config.seed)}
    drawn = config.model_dump(mode="json", include={"rows", "human_rows", "stratify"})
    return content_id(dump({"judge": material.judge, "labels": material.labels_id, **drawn, engine: own}))


def write_points(path: Path, identity: str, table: EvalTable, points: Sequence[Point]) -> None:
    """Write the points, in one step."""
    about = [
        {
            "arm": point.arm.name,
            "design": point.arm.design,
            "ratio": point.ratio,
            "seed": point.seed,
            "human_rows": point.human_rows,
            "synthetic_rows": point.synthetic_rows,
        }
        for point in points
    ]
    arrays = {
        "about": np.array(json.dumps({"identity": identity, "points": about})),
        "comparison_id": np.array(table.comparison_id),
        "p_human": table.p_human,
        "gap": np.stack([point.gap for point in points]),
    }
    swapped = [point.gap_swapped for point in points if point.gap_swapped is not None]
    if len(swapped) == len(points):
        arrays["gap_swapped"] = np.stack(swapped)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    partial.replace(path)


def read_points(path: Path) -> Saved | None:
    """The points of `path`, None where there is no such file; raises InputError where it is broken."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            about, gaps, ids = json.loads(str(file["about"])), file["gap"], file["comparison_id"]
            swapped = file["gap_swapped"] if "gap_swapped" in file.files else [None] * len(gaps)
        points = tuple(_point(*each) for each in zip(about["points"], gaps, swapped, strict=True))
        by_seed(points)
        if gaps.shape[1:] != ids.shape:
            raise ValueError(f"{gaps.shape} scores of {len(ids)} comparisons")
        return Saved(about["identity"], tuple(map(str, ids)), points)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"can't read the points of an earlier run in {path} ({type(error).__name__}: {error}); remove the file"
        ) from error


def on_table(points: Sequence[Point], ids: Sequence[str], table: EvalTable) -> tuple[Point, ...]:
    """Points on the comparisons `ids`, on those of `table` alone; raises KeyError where they lack one."""
    place = {name: number for number, name in enumerate(ids)}
    rows = np.array([place[name] for name in table.comparison_id], np.int64)
    return tuple(part_of(point, rows) for point in points)


def _point(of: Mapping[str, Any], gap: FloatArray, exchanged: FloatArray | None) -> Point:
    rows = of["human_rows"], of["synthetic_rows"]
    return Point(Arm(of["arm"], of["design"]), of["ratio"], of["seed"], *rows, gap, exchanged)


def part_of(point: Point, rows: npt.NDArray[np.int64]) -> Point:
    """The point on the comparisons `rows` alone."""
    swapped = None if point.gap_swapped is None else point.gap_swapped[rows]
    return replace(point, gap=point.gap[rows], gap_swapped=swapped)


def part_of_table(table: EvalTable, rows: npt.NDArray[np.int64]) -> EvalTable:
    """The comparisons `rows` of the table; prompts, responses, authors and tags keep their numbers."""
    names = "prompt p_human votes response author length tag".split()
    arrays = {name: getattr(table, name)[rows] for name in names}
    return replace(table, comparison_id=tuple(table.comparison_id[row] for row in rows), **arrays)
