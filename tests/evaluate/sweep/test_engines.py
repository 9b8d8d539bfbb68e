"""Whole sweeps on a small store: the fast engine, the full one, and the command."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_stores import sweep_store
from transformers import LlamaForCausalLM

from firsthand.cli import main
from firsthand.config import check_config
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.sweep import full
from firsthand.evaluate.sweep.analysis import analyse
from firsthand.evaluate.sweep.config import FullRules, SweepConfig
from firsthand.evaluate.sweep.files import write_sweep
from firsthand.evaluate.sweep.fitting import too_long
from firsthand.evaluate.sweep.outcome import EvalTable, Point
from firsthand.evaluate.sweep.plan import plan
from firsthand.evaluate.sweep.read import read_material
from firsthand.evaluate.sweep.run import run_sweep
from firsthand.models import load_tokenizer
from firsthand.store import Store
from firsthand.train.mix_config import Anchor
from firsthand.train.pairs import read_mix, tokenise

FAST = {"ratios": [0, 0.5, 1], "seeds": 2, "features": {"model": None}, "curve": [0.5, 1]}
TRAINER = {"num_train_epochs": 1, "per_device_train_batch_size": 16, "max_length": 64, "save_strategy": "no"}


def config(**keys: Any) -> SweepConfig:
    return check_config({**FAST, **keys}, SweepConfig)


def accuracy(table: EvalTable, points: Sequence[Point], design: str) -> dict[float, float]:
    """By ratio, over the seeds."""
    decided = table.p_human != 0.5
    right = {point.ratio: [] for point in points if point.arm.design == design}
    for point in points:
        if point.arm.design == design:
            right[point.ratio].append(((point.gap > 0) == (table.p_human > 0.5))[decided].mean())
    return {ratio: float(np.mean(found)) for ratio, found in right.items()}


def test_the_fast_engine_learns_what_people_prefer_and_equal_sweeps_are_equal(store: Store, tmp_path: Path) -> None:
    sweep_store(store)
    sweep, refit = run_sweep(store, config(), tmp_path / "one")
    again, _ = run_sweep(store, config(), tmp_path / "two")
    assert min(accuracy(sweep.table, sweep.points, "replace").values()) > 0.9
    for one, other in zip(sweep.points, again.points, strict=True):
        np.testing.assert_array_equal(one.gap, other.gap)
    # Exchanging the style alone turns what rests on it, here nearly all.
    first = sweep.points[0]
    assert np.corrcoef(first.gap, first.gap_swapped)[0, 1] < -0.5
    once = refit(np.ones(sweep.training_prompts, np.int64))
    trained = [point for point in sweep.points if point.seed == 13]
    for one, other in zip(trained, once, strict=True):
        assert (one.arm, one.ratio, one.human_rows) == (other.arm, other.ratio, other.human_rows)
        np.testing.assert_allclose(one.gap, other.gap, atol=1e-5)
    drawn = np.random.default_rng(0).multinomial(
        sweep.training_prompts, [1 / sweep.training_prompts] * sweep.training_prompts
    )
    assert not np.allclose(refit(drawn)[0].gap, first.gap, atol=1e-3)


def test_labels_against_people_cost_accuracy_and_permuting_can_not_repair_them(store: Store, tmp_path: Path) -> None:
    sweep, _ = run_sweep(sweep_store(store, accuracy=0.1), config(), tmp_path / "out")
    for design in ("replace", "permuted"):
        found = accuracy(sweep.table, sweep.points, design)
        assert found[0.0] > 0.9
        assert found[1.0] < 0.2


def test_the_command_writes_the_page_and_the_points(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_store(store)
    given = tmp_path / "sweep.yaml"
    given.write_text(json.dumps({**FAST, "seeds": 1, "analysis": {"refits": 20}}), encoding="utf-8")
    out = tmp_path / "out"
    command = ["evaluate", "sweep", str(given), "--store", str(tmp_path / "store.db"), "--out", str(out), "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["judge"] == "judge-1"
    assert {path.name for path in out.iterdir()} >= {"points-fast.npz", "sweep.json", "report.html"}
    assert "a linear head on style and wording alone" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads((out / "sweep.json").read_text(encoding="utf-8")) == found
    assert main([*command, "--judge", "nobody"]) == 2
    assert "the store's judges are judge-1" in capsys.readouterr().err


@pytest.fixture
def trained_config(make_model: Callable[..., Path]) -> SweepConfig:
    job = {"model": str(make_model(LlamaForCausalLM)), "trainer": TRAINER}
    return config(
        ratios=[0, 1], seeds=1, designs=["replace", "permuted"], curve=[], rows=32, engine="full", full={"job": job}
    )


def test_the_full_engine_trains_each_model_once_and_goes_on_after_an_interruption(
    store: Store, tmp_path: Path, trained_config: SweepConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_store(store, prompts=40, pairs=3)
    real, calls = full.train, []

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*given, **named)

    monkeypatch.setattr(full, "train", counted)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_sweep(store, trained_config, out)
    sweep, refit = run_sweep(store, trained_config, out)
    assert len(calls) == 5  # each of the four models once, the interrupted one twice
    assert [point.ratio for point in refit(np.ones(sweep.training_prompts, np.int64))] == [0, 1, 0, 1]
    assert sweep.other_engine == "fast"
    assert sweep.engine == "full"
    assert [point.ratio for point in sweep.points] == [0, 1, 0, 1]
    assert all(np.isfinite(point.gap).all() and point.gap.std() > 0 for point in sweep.points)
    manifest = json.loads((out / "models" / "all-permuted-0+32-seed13" / "mix" / "manifest.json").read_text())
    assert manifest["realised"]["synthetic"]["rows"] == 32
    assert "control: the judge's labels are permuted" in manifest["warnings"][-1]
    assert not list(out.rglob("*.safetensors"))
    records = [json.loads(path.read_text()) for path in sorted(out.glob("models/*/run.json"))]
    realised = [{name: of["rows"] for name, of in each["training"]["mix"]["realised"].items()} for each in records]
    assert realised == [{"synthetic": 32}, {"human": 32}] * 2
    # The mix holds out pairs of people; the sweep measures on them once, not while training too.
    assert "human" in read_mix(out / "models" / "all-permuted-0+32-seed13" / "mix").splits
    assert {each["training"]["grounding"]["evaluations"] for each in records} == {0}
    # The fast engine into the same folder shows both.
    fast, _ = run_sweep(store, trained_config.model_copy(update={"engine": "fast"}), out)
    assert fast.other_engine == "full"
    assert [point.gap.tolist() for point in fast.other] == [point.gap.tolist() for point in sweep.points]
    # Tables of the sweep before are gone where this one has none of them.
    (out / "worth.csv").write_text("of another sweep", encoding="utf-8")
    write_sweep(analyse(fast, None, trained_config.analysis), out)
    assert not (out / "worth.csv").exists()
    # Not where it was run on other settings.
    fewer, _ = run_sweep(store, trained_config.model_copy(update={"engine": "fast", "rows": 30}), out)
    assert fewer.other == ()
    longer = trained_config.full.model_copy(update={"kind": "dpo"})
    with pytest.raises(InputError, match="holds a model of another job"):
        run_sweep(store, trained_config.model_copy(update={"full": longer}), out)


def test_finished_models_of_another_base_or_mix_are_refused_and_their_mixes_stay(
    store: Store, tmp_path: Path, trained_config: SweepConfig, make_model: Callable[..., Path]
) -> None:
    sweep_store(store, prompts=40, pairs=3)
    asked = trained_config.model_copy(update={"designs": ("replace",)})
    run_sweep(store, asked, tmp_path / "out")

    def mixes() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (tmp_path / "out" / "models").rglob("manifest.json")}

    before = mixes()
    with pytest.raises(InputError, match="holds a model of another job, mix or anchor"):
        run_sweep(store, asked.model_copy(update={"anchor": Anchor(fraction=0.4)}), tmp_path / "out")
    assert mixes() == before
    make_model(LlamaForCausalLM, seed=1)  # the same folder, trained on
    with pytest.raises(InputError, match="holds a model of another job, mix or anchor"):
        run_sweep(store, asked, tmp_path / "out")
    (tmp_path / "out" / "models" / "all-replace-32+0-seed13" / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"can't read .*run\.json \(KeyError: 'identity'\); remove it"):
        run_sweep(store, asked, tmp_path / "out")


def test_an_arm_has_a_name_that_a_folder_can_have() -> None:
    with pytest.raises(ConfigError, match=r"'\.\./evil' is no name for an arm"):
        config(arms={"../evil": {}})


def test_too_few_trainings_to_tell_what_other_prompts_would_change_are_refused() -> None:
    with pytest.raises(ConfigError, match="refits is 0; with fewer than 20"):
        config(analysis={"refits": 0})


def test_a_training_that_diverges_names_its_model(store: Store, tmp_path: Path, trained_config: SweepConfig) -> None:
    job = {**trained_config.full.job, "trainer": {**TRAINER, "learning_rate": 1e30}}
    rules = trained_config.full.model_copy(update={"job": job})
    told = r"the sweep's model all-replace-32\+0-seed13: the gradient's norm became nan .*full\.job\.trainer"
    with pytest.raises(InputError, match=told):
        run_sweep(
            sweep_store(store, prompts=40, pairs=3), trained_config.model_copy(update={"full": rules}), tmp_path / "out"
        )


def test_rows_too_long_for_the_model_leave_every_draw_so_that_twins_stay_twins(
    store: Store, tmp_path: Path, trained_config: SweepConfig
) -> None:
    # A conversation is 16 tokens and two for each `yes`, of which the longer response has one to four.
    def limited(tokens: int) -> SweepConfig:
        job = {**trained_config.full.job, "trainer": {**TRAINER, "max_length": tokens}}
        rules = trained_config.full.model_copy(update={"job": job})
        return trained_config.model_copy(update={"full": rules, "designs": ("replace",), "rows": "max"})

    sweep_store(store, prompts=40, pairs=3)
    whole, given = read_material(store, limited(24)), limited(22)
    material = read_material(store, given)
    assert material.labels_id == whole.labels_id
    (pool,), (all_rows,) = material.pools.values(), whole.pools.values()
    left_out = len(all_rows.human) + len(all_rows.synthetic) - len(pool.human) - len(pool.synthetic)
    assert 0 < too_long(pool.drops) == left_out
    for planned in plan(material, given):
        run = full._prepare(store, planned, given.full, "base", tmp_path)
        pairs = tokenise(read_mix(run.folder / "mix"), load_tokenizer(given.full.job["model"]), 22)
        assert pairs.dropped["train"] == {}
        assert len(pairs.train) == planned.human_rows + planned.synthetic_rows == len(pool.human)
    with pytest.raises(InputError, match=r"only \d+ and \d+ fit .* raise full\.job\.trainer\.max_length \(it is 18\)"):
        read_material(store, limited(18))


def test_a_wrong_job_is_named_before_anything_is_trained(store: Store, tmp_path: Path) -> None:
    wrong = config(engine="full", full={"job": {"model": "smollm2", "trainer": {"epochs": 1}}})
    with pytest.raises(ConfigError, match=r"full\.job"):
        run_sweep(sweep_store(store), wrong, tmp_path / "out")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("grounding.keep_best", "human"),
        ("grounding.stop", True),
        ("trainer.load_best_model_at_end", True),
        ("trainer.lr_scheduler_type", "reduce_lr_on_plateau"),
    ],
)
def test_a_job_that_follows_the_anchor_is_refused(key: str, value: str | bool) -> None:
    block, name = key.split(".")
    with pytest.raises(ConfigError, match=rf"{key}: it makes the training follow the human anchor"):
        FullRules(job={"model": "smollm2", block: {name: value}}).job_for(13)
