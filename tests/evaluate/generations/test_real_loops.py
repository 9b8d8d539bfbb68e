"""A whole loop with tiny models: a reward model judges, DPO trains, everything is kept and nothing is done twice."""

import json
import shutil
from pathlib import Path

import pytest
from transformers import LlamaForCausalLM

from firsthand.collect.judge.config import Judge
from firsthand.config import check_config, load_config
from firsthand.endpoint.config import EndpointConfig
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.generations import loop
from firsthand.evaluate.generations.config import GenerationsConfig, ModelLoop, World
from firsthand.evaluate.generations.outcome import TWIN
from firsthand.evaluate.generations.run import _template, run_generations
from firsthand.records import content_id, dump
from firsthand.store import Store
from firsthand.train.mix import in_anchor

SAYS = ["one two three", "two four six yes", "seven no maybe one", "three three five", "yes yes yes four"]


@pytest.fixture
def store_url(fill, tmp_path):
    votes = []
    for number in range(40):
        first, second = SAYS[number % 5], SAYS[(number + 1 + number // 5) % 5]
        if first != second:
            votes += [
                {
                    "prompt": f"what is {number}",
                    "response_a": first,
                    "response_b": second,
                    "author_a": "kin-model" if number % 2 else "model-x",
                    "author_b": "model-y",
                    "annotator": f"rater-{rater}",
                    "verdict": "a" if (number + rater) % 3 else "b",
                }
                for rater in range(2)
            ]
    fill(votes)
    return str(tmp_path / "store.db")


@pytest.fixture
def settings(make_model, tmp_path):
    made = {
        "generations": 2,
        "ratios": [0.5],
        "seeds": [3],
        "models": {
            "model": str(make_model(LlamaForCausalLM, "first", seed=1)),
            "judge": {"house": {"reward_model": str(make_model(name="judge", seed=2)), "family": "ours"}},
            "rows": 4,
            "prompts": 6,
            "response": {"samples": 2, "max_tokens": 8},
            "training": {
                "preset": "none",
                "trainer": {"learning_rate": 0.01, "max_length": 48, "per_device_train_batch_size": 2},
            },
            "anchor": {"fraction": 0.5},
            "probes": {"prompts": 5, "samples": 2, "fewest_words": 2},
            "own": ["kin-model"],
        },
    }
    path = tmp_path / "generations.yaml"

    def write(**changes):
        path.write_text(json.dumps({**made, **changes, "models": {**made["models"], **changes.get("models", {})}}))
        return path

    return write


def test_a_loop_runs_beside_its_twin_and_a_second_run_does_nothing_again(settings, store_url, tmp_path, monkeypatch):
    config, out = load_config(settings(), GenerationsConfig), tmp_path / "out"
    before = (tmp_path / "store.db").read_bytes()
    found = run_generations(config, store_url, out, tmp_path)
    assert (tmp_path / "store.db").read_bytes() == before
    models = {(one.ratio, one.generation): one for one in found.loops.models}
    assert set(models) == {(TWIN, 0), (TWIN, 1), (TWIN, 2), (0.5, 1), (0.5, 2)}
    assert (models[0.5, 2].human_rows, models[0.5, 2].synthetic_rows) == (2, 2)
    assert (models[TWIN, 2].human_rows, models[TWIN, 2].synthetic_rows) == (4, 0)
    gaps = [model.gap for key, model in models.items() if key[1]]
    assert all((gap != 0).any() and len(gap) == len(found.loops.anchor) for gap in gaps)
    assert found.loops.own is not None
    assert found.loops.warnings == ()
    assert not {one.verdict for one in found.findings} & {Verdict.DETECTED, Verdict.RULED_OUT}
    written = json.loads((out / "generations.json").read_text())
    assert written["models"][0]["generation"] == 0
    assert "<svg" in (out / "report.html").read_text()
    _check_what_was_trained_on(out)

    for name in ("train", "write_mix", "log_probability_gaps"):
        monkeypatch.setattr(loop, name, _never(getattr(loop, name), name == "log_probability_gaps"))
    again = run_generations(config, store_url, out, tmp_path)
    assert [finding.estimate for finding in again.findings] == [finding.estimate for finding in found.findings]


def _check_what_was_trained_on(out):
    """No prompt of the anchor was answered or trained on, and the second mix holds what the first generation wrote."""
    lines = [json.loads(line) for line in (out / "prompts.jsonl").read_text().splitlines()]
    assert len(lines) == 6
    assert not any(in_anchor(content_id("prompt", dump(line["prompt"])), 0.5) for line in lines)
    with Store(str(out / "seed-3" / "ratio-0.5" / "generation-1" / "store.db")) as store:
        authors = {one.a.author for one in store.comparisons() if "firsthand-loop" in one.tags}
        assert authors == {"generation 1 of ratio-0.5"}
        assert store.counts().judges == 1
    mix = json.loads((out / "seed-3" / "ratio-0.5" / "generation-2" / "mix" / "manifest.json").read_text())
    assert mix["realised"]["synthetic"]["rows"] == 2
    first, second = (
        json.loads((out / "seed-3" / "ratio-0.5" / f"generation-{number}" / "model" / "training.json").read_text())
        for number in (1, 2)
    )
    assert second["base_model"].endswith("ratio-0.5/generation-1/model")
    assert first["base_model"].endswith("first")
    assert not list((out / "seed-3").rglob("checkpoint-*"))


def _never(real, reads_what_is_kept):
    def call(*arguments, **options):
        if reads_what_is_kept and arguments[-1].is_file():
            return real(*arguments, **options)
        raise AssertionError(f"{real.__name__} was called again")

    return call


def test_a_run_that_was_cut_off_goes_on_and_takes_more_generations(
    settings, store_url, make_model, tmp_path, monkeypatch
):
    config = load_config(settings(generations=1), GenerationsConfig)
    whole = run_generations(config, store_url, tmp_path / "whole", tmp_path)
    real, calls = loop.train, []

    def cut_off(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(loop, "train", cut_off)
    with pytest.raises(KeyboardInterrupt):
        run_generations(config, store_url, tmp_path / "cut", tmp_path)
    monkeypatch.setattr(loop, "train", real)
    found = run_generations(config, store_url, tmp_path / "cut", tmp_path)
    for one, other in zip(found.loops.models, whole.loops.models, strict=True):
        assert one.gap is None or one.gap == pytest.approx(other.gap)

    model = tmp_path / "cut" / "seed-3" / "twin" / "generation-1" / "model" / "model.safetensors"
    written = model.stat().st_mtime_ns
    more = load_config(settings(generations=2), GenerationsConfig)
    assert run_generations(more, store_url, tmp_path / "cut", tmp_path).loops.generations() == [1, 2]
    assert model.stat().st_mtime_ns == written
    other = load_config(settings(models={"rows": 6}), GenerationsConfig)
    with pytest.raises(InputError, match=r"another job: models.rows: was 4, is 6"):
        run_generations(other, store_url, tmp_path / "cut", tmp_path)
    make_model(LlamaForCausalLM, "first", seed=9)  # the same folder, trained on
    with pytest.raises(InputError, match="another job: first_model: was"):
        run_generations(more, store_url, tmp_path / "cut", tmp_path)


def test_a_loop_that_was_not_trained_on_what_was_asked_for_says_so(settings, store_url, tmp_path):
    changes = {"rows": 6, "training": {"trainer": {"learning_rate": 0.01, "max_length": 13}}}
    config = load_config(settings(generations=1, models=changes), GenerationsConfig)
    found = run_generations(config, store_url, tmp_path / "out", tmp_path)
    (warning,) = found.loops.warnings
    assert "models were trained on other rows than asked for (6)" in warning
    assert warning in found.sentences()
    assert found.loops.facts["rows longer than max_length, not trained on"] > 0


def test_what_the_data_can_not_give_is_said(settings, store_url, tmp_path):
    wrong = load_config(settings(generations=1, models={"own": ["kin-modle"]}), GenerationsConfig)
    with pytest.raises(InputError, match="did you mean 'kin-model'"):
        run_generations(wrong, store_url, tmp_path / "out", tmp_path)
    shutil.copytree(tmp_path / "out", tmp_path / "kept")
    short = load_config(settings(generations=1, models={"training": {"trainer": {"max_length": 2}}}), GenerationsConfig)
    with pytest.raises(InputError, match="longer than max_length"):
        run_generations(short, store_url, tmp_path / "short", tmp_path)
    nobody = str(tmp_path / "empty.db")
    with Store(nobody):
        pass
    with pytest.raises(InputError, match="no person's preference"):
        run_generations(wrong, nobody, tmp_path / "none", tmp_path)
    held = load_config(settings(generations=1, models={"anchor": {"fraction": 0.0001}}), GenerationsConfig)
    with pytest.raises(InputError, match="held-out prompts"):
        run_generations(held, store_url, tmp_path / "no-anchor", tmp_path)


def test_a_judge_that_is_asked_something_else_is_another_judge(tmp_path):
    endpoint = EndpointConfig(url=["http://localhost:1/v1"])
    judge = Judge(endpoint=endpoint, template=Path("compare.txt"), rubric=Path("rubric.txt"))
    loop = ModelLoop.model_construct(judge={"house": judge})
    (tmp_path / "compare.txt").write_text("{{ rubric }} {{ prompt }} {{ first }} {{ second }}", encoding="utf-8")
    found = []
    for rubric in ("Prefer the kinder.", "Prefer the longer."):
        (tmp_path / "rubric.txt").write_text(rubric, encoding="utf-8")
        found.append(_template(loop, tmp_path))
    assert found[0] != found[1]
    assert _template(ModelLoop.model_construct(judge={"house": Judge(reward_model="rm")}), tmp_path) is None


def test_another_world_needs_another_folder(tmp_path):
    for affinity in (1.0, 2.0):
        world = World(affinity=affinity, rows=50, comparisons=60, probes=5)
        config = GenerationsConfig(generations=1, ratios=[1.0], seeds=[1, 2], world=world)
        if affinity == 1.0:
            run_generations(config, None, tmp_path / "out", tmp_path)
            continue
        with pytest.raises(InputError, match=r"another job: world.affinity: was 1.0, is 2.0"):
            run_generations(config, None, tmp_path / "out", tmp_path)
        run_generations(config, None, tmp_path / "out", tmp_path, overwrite=True)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"ratios": [0.3333333]}, "0.3333333 has more than six digits"),
        ({"world": {"affinity": float("nan")}}, "finite number"),
        ({"world": {"sharpness": float("inf")}}, "finite number"),
    ],
)
def test_ratios_that_no_folder_can_name_and_numbers_that_are_none_are_refused(keys, message):
    with pytest.raises(ConfigError, match=message):
        check_config({"world": {}, **keys}, GenerationsConfig)


def test_all_of_a_wrong_configuration_is_told_at_once(settings):
    path = settings(ratios=[0.5, 2.0], models={"rows": 400, "response": {"samples": 1}, "jugde": {}})
    with pytest.raises(ConfigError) as raised:
        load_config(path, GenerationsConfig)
    told = str(raised.value)
    for part in ("ratios.1", "models.response: samples is 1", "models.jugde: unknown key"):
        assert part in told
    with pytest.raises(ConfigError, match="needs 400 judged comparisons a generation"):
        load_config(settings(ratios=[1.0], models={"rows": 400}), GenerationsConfig)
    with pytest.raises(ConfigError, match="each of `seeds` is a loop of its own"):
        load_config(settings(models={"training": {"trainer": {"seed": 3}}}), GenerationsConfig)
