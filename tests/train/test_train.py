import json
import math
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from firsthand.cli import main

LORA = {"r": 4, "target_modules": "all-linear"}
QUICK = {"max_steps": 4, "per_device_train_batch_size": 4, "max_length": 128, "learning_rate": 1e-2, "logging_steps": 1}


def run(tmp_path: Path, kind: str, mix: Path, model: str, *options: str, out: str = "out", **job: Any) -> int:
    trainer = {**QUICK, **job.pop("trainer", {})}
    config = tmp_path / "job.yaml"
    config.write_text(yaml.safe_dump({"model": model, "preset": "fast", "trainer": trainer, **job}))
    return main(["train", kind, str(config), "--data", str(mix), "--out", str(tmp_path / out), *options])


def record(tmp_path: Path, out: str = "out") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((tmp_path / out / "training.json").read_text())
    return content


def test_the_fixture_is_a_mix_that_datasets_reads(write_mix: Any) -> None:
    loaded = datasets.load_dataset(str(write_mix()))
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 20, "anchor": 5, "synthetic_heldout": 5}


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize("lora", [None, LORA])
def test_a_reward_model_learns_and_loads_by_itself(
    lora: dict[str, Any] | None, write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    assert run(tmp_path, "reward", write_mix(), tiny_model, lora=lora) == 0
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    rows = datasets.load_dataset(str(tmp_path / "mix"))["anchor"]

    def score(row: dict[str, Any], side: str) -> float:
        text = tokenizer.apply_chat_template(row["prompt"] + row[side], tokenize=False)
        with torch.no_grad():
            return model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits.item()

    gaps = [score(row, "chosen") - score(row, "rejected") for row in rows]
    metrics = record(tmp_path)["metrics"]
    assert metrics["eval_human_accuracy"] == sum(gap > 0 for gap in gaps) / 5
    assert metrics["eval_human_reward_gap"] == pytest.approx(sum(gaps) / 5, abs=1e-4)
    losses = [math.log1p(math.exp(row["margin"] - gap)) for row, gap in zip(rows, gaps, strict=True)]
    assert metrics["eval_human_loss"] == pytest.approx(sum(losses) / 5, abs=1e-4)


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize("lora", [None, LORA])
def test_a_dpo_model_loads_by_itself_and_its_implicit_reward_is_the_one_reported(
    lora: dict[str, Any] | None, write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    assert run(tmp_path, "dpo", write_mix(), tiny_model, lora=lora) == 0
    policy = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    base = AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    rows = datasets.load_dataset(str(tmp_path / "mix"))["synthetic_heldout"]

    def log_probability(model: Any, row: dict[str, Any], side: str) -> float:
        prompt = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True)["input_ids"]
        ids = torch.tensor([tokenizer.apply_chat_template(row["prompt"] + row[side])["input_ids"]])
        with torch.no_grad():
            logps = model(ids).logits.log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])
        return logps[len(prompt) - 1 :].sum().item()

    def reward(row: dict[str, Any], side: str) -> float:
        return 0.1 * (log_probability(policy, row, side) - log_probability(base, row, side))

    gaps = [reward(row, "chosen") - reward(row, "rejected") for row in rows]
    metrics = record(tmp_path)["metrics"]
    assert metrics["eval_synthetic_reward_gap"] == pytest.approx(sum(gaps) / 5, abs=1e-3)
    assert metrics["eval_synthetic_accuracy"] == sum(gap > 0 for gap in gaps) / 5
    assert metrics["eval_synthetic_loss"] == pytest.approx(sum(math.log1p(math.exp(-g)) for g in gaps) / 5, abs=1e-3)


def test_the_record_the_history_and_the_card_say_what_was_done(write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    mix = write_mix(human=20, synthetic=12, long=2, heldout=3)
    assert run(tmp_path, "reward", mix, tiny_model, lora=LORA) == 0
    manifest = json.loads((mix / "manifest.json").read_text())
    done = record(tmp_path)
    assert (done["kind"], done["base_model"], done["beta"], done["max_length"]) == ("reward", tiny_model, None, 128)
    assert done["mix"]["path"] == str(mix)
    assert done["mix"]["content_sha256"] == manifest["content_sha256"]
    # 2 of 20 human pairs are longer than 128 tokens: 18 of 30 are left, 0.6
    assert done["counts"]["too_long"] == {"train": {"human": 2}, "human": {}, "synthetic": {}}
    assert done["mix"]["realised"] == {
        "human": {"rows": 18, "share": 0.6},
        "synthetic": {"rows": 12, "share": 0.4},
    }
    history = json.loads((tmp_path / "out" / "metrics.json").read_text())["history"]
    evaluated = [entry["step"] for entry in history if "eval_human_accuracy" in entry]
    assert evaluated == [0, 2, 4]
    assert [entry["step"] for entry in history if "eval_synthetic_accuracy" in entry] == evaluated
    assert not [key for entry in history for key in entry if key in ("eval_accuracy", "eval_margin", "eval_loss")]
    card = (tmp_path / "out" / "README.md").read_text()
    assert manifest["content_sha256"] in card
    assert "| human | 0.600 | 20 (0.625) | 18 (0.600) |" in card
    assert "2 human pairs of train" in card
    assert f"{done['metrics']['eval_human_accuracy']:.3f}" in card


def test_the_card_says_when_raters_were_simulated(write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    assert run(tmp_path, "reward", write_mix(simulated=True), tiny_model, trainer={"max_steps": 1}) == 0
    assert record(tmp_path)["counts"]["simulated"] == 12
    assert "simulated" in (tmp_path / "out" / "README.md").read_text()


def test_without_held_out_pairs_the_card_says_that_nothing_was_measured(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "dpo", write_mix(heldout=0), tiny_model, trainer={"max_steps": 1}) == 0
    assert "nothing to evaluate on" in capsys.readouterr().err
    assert "was not measured" in (tmp_path / "out" / "README.md").read_text()


def test_margins_change_the_loss_and_can_be_left_out(write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    mix = write_mix()
    quick = {"max_steps": 1, "learning_rate": 1e-9}
    assert run(tmp_path, "reward", mix, tiny_model, out="with", trainer=quick) == 0
    assert run(tmp_path, "reward", mix, tiny_model, out="without", margins=False, trainer=quick) == 0
    with_margins, without = record(tmp_path, "with")["metrics"], record(tmp_path, "without")["metrics"]
    assert with_margins["eval_human_reward_gap"] == pytest.approx(without["eval_human_reward_gap"], abs=1e-6)
    assert with_margins["eval_human_loss"] > without["eval_human_loss"]


def test_a_finished_run_is_left_alone_until_overwritten(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix = write_mix()
    once = {"trainer": {"max_steps": 1}}
    assert run(tmp_path, "reward", mix, tiny_model, **once) == 0
    weights = tmp_path / "out" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    assert run(tmp_path, "reward", mix, tiny_model, **once) == 0
    assert "finished already" in capsys.readouterr().out
    assert weights.stat().st_mtime_ns == written
    assert run(tmp_path, "reward", mix, tiny_model, trainer={"max_steps": 2}) == 2
    assert "job.trainer.max_steps: was 1, is 2" in capsys.readouterr().err
    assert run(tmp_path, "reward", write_mix("other", seed=5), tiny_model, **once) == 2
    assert "mix_sha256: was" in capsys.readouterr().err
    assert run(tmp_path, "reward", mix, tiny_model, "--overwrite", trainer={"max_steps": 2}) == 0
    assert record(tmp_path)["steps"] == 2


@pytest.mark.slow
def test_smollm2_learns_a_preference_by_both_trainers(write_mix: Any, tmp_path: Path) -> None:
    mix = write_mix(heldout=2)
    steps = {"max_steps": 2, "per_device_train_batch_size": 2, "learning_rate": 1e-3, "eval_on_start": True}
    for kind in ("reward", "dpo"):
        assert run(tmp_path, kind, mix, "smollm2", out=kind, lora=LORA, trainer=steps) == 0
        history = json.loads((tmp_path / kind / "metrics.json").read_text())["history"]
        losses = [entry["eval_human_loss"] for entry in history if "eval_human_loss" in entry]
        assert losses[-1] < losses[0]
        assert record(tmp_path, kind)["metrics"]["eval_human_accuracy"] == 1.0
