"""The points of one engine on disk, for the other."""

import json
from pathlib import Path

import numpy as np
import pytest
from sweep_tables import point, table_of

from firsthand.errors import InputError
from firsthand.evaluate.sweep.points import on_table, part_of_table, read_points, write_points

TABLE = table_of([1.0, 0.0, 0.5])
POINTS = [point("add", ratio, [ratio, 1.0, -1.0], seed=seed) for seed in (0, 1) for ratio in (0.0, 0.5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_points(tmp_path / "points-full.npz", "this run", TABLE, POINTS)
    return tmp_path / "points-full.npz"


def test_points_come_back_on_the_comparisons_asked_for_and_with_their_run(path: Path) -> None:
    saved = read_points(path)
    found = on_table(saved.points, saved.comparison_id, part_of_table(TABLE, np.array([2, 0])))
    assert [(each.arm, each.ratio, each.seed) for each in found] == [(of.arm, of.ratio, of.seed) for of in POINTS]
    assert [each.gap.tolist() for each in found] == [[-1.0, of.ratio] for of in POINTS]
    assert saved.identity == "this run"
    assert read_points(path.with_name("points-fast.npz")) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about, arrays: about["points"][0].pop("seed"), "KeyError: 'seed'"),
        (lambda about, arrays: about.pop("identity"), "KeyError: 'identity'"),
        (lambda about, arrays: about["points"].pop(), "ValueError"),
        (lambda about, arrays: about["points"][0].update(seed=1), "must hold the same arms and ratios"),
        (lambda about, arrays: about.update(points=[1, 2, 3, 4]), "TypeError"),
        (lambda about, arrays: arrays.update(gap=arrays["gap"][:, :2]), "2\\) scores of 3 comparisons"),
    ],
)
def test_a_broken_file_is_told_with_its_path(path: Path, change, message: str) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    change(about, arrays)
    np.savez(path, **{**arrays, "about": np.array(json.dumps(about))})
    with pytest.raises(InputError, match=rf"points-full\.npz \(.*{message}.*\); remove the file"):
        read_points(path)
