import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from firsthand.cli import main
from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.models import load_tokenizer
from firsthand.train.jobs import RewardJob
from firsthand.train.pairs import read_mix, tokenise
from firsthand.train.run import make_arguments, make_trainer

RUN = {
    "max_steps": 12,
    "per_device_train_batch_size": 4,
    "max_length": 256,
    "learning_rate": 3e-3,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "eval_steps": 2,
    "dataloader_drop_last": True,  # of training: every held-out pair is measured all the same
    # Rows come by length, so a contrary judge's come after people's.
    "train_sampling_strategy": "sequential",
}


def run(tmp_path: Path, mix: Path, model: str, kind: str = "reward", **job: Any) -> int:
    trainer = {**RUN, **job.pop("trainer", {})}
    config = tmp_path / "job.yaml"
    config.write_text(yaml.safe_dump({"model": model, "trainer": trainer, **job}))
    return main(["train", kind, str(config), "--data", str(mix), "--out", str(tmp_path / "out")])


def metric_rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_a_run_that_leaves_people_for_the_judge_is_stopped_and_the_best_human_checkpoint_kept(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    mix, out = write_mix(human=24, synthetic=24, heldout=20, contrary=True), tmp_path / "out"
    asked = {"stop": True, "keep_best": "human"}
    assert run(tmp_path, mix, tiny_model, grounding=asked, trainer={"report_to": "tensorboard"}) == 0
    said = capsys.readouterr()
    assert "agreement with people has fallen since step" in said.err
    assert "the model is learning the judge, not people" in said.err
    assert "stopping at step" in said.err
    record = json.loads((out / "training.json").read_text())
    assert record["grounding"]["verdict"] == "diverging"
    assert record["model_of_step"] < record["steps"] < 12
    assert f"the model is that of step {record['model_of_step']}" in said.out
    rows = {row["step"]: row for row in metric_rows(out)}
    accuracies = {step: row["eval_human_accuracy"] for step, row in rows.items() if "eval_human_accuracy" in row}
    assert record["metrics"]["eval_human_accuracy"] == max(accuracies.values()) == measured(out, mix)
    assert accuracies[record["steps"]] < max(accuracies.values())
    assert rows[record["steps"]]["grounding"]["shown"]
    assert rows[record["steps"]]["eval_synthetic_accuracy"] > rows[record["model_of_step"]]["eval_synthetic_accuracy"]
    card = (out / "README.md").read_text()
    assert f"This is the model of step {record['model_of_step']} of {record['steps']}" in card
    assert "**Agreement with people fell while training**" in card
    page = (out / "progress.html").read_text()
    assert "learning the judge" in page
    assert 'http-equiv="refresh"' not in page
    board = EventAccumulator(str(next((out / "runs").rglob("events*")).parent)).Reload()
    logged = {event.step: event.value for event in board.Scalars("eval/human_accuracy")}
    assert logged == pytest.approx(accuracies, abs=1e-6)
    assert {"eval/synthetic_brier", "eval/human_reward_gap_low", "eval/human_ece_high"} <= set(board.Tags()["scalars"])


def measured(out: Path, mix: Path) -> float:
    """Accuracy of the model in `out` on the anchor, by transformers alone."""
    model = AutoModelForSequenceClassification.from_pretrained(out).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)

    def score(row: dict[str, Any], side: str) -> float:
        text = tokenizer.apply_chat_template(row["prompt"] + row[side], tokenize=False)
        with torch.no_grad():
            return model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits.item()

    rows = pq.read_table(next((mix / "data").glob("anchor-*"))).to_pylist()
    return float(np.mean([score(row, "chosen") > score(row, "rejected") for row in rows]))


def test_a_resumed_run_knows_the_looks_before_it(write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    """Cut off after its second checkpoint, it ends with the same figures and the same evidence, without a stop."""
    mix, out = write_mix(human=24, synthetic=24, heldout=20, contrary=True), tmp_path / "out"
    short = {"save_steps": 4, "save_total_limit": 9, "eval_on_start": True}
    assert run(tmp_path, mix, tiny_model, trainer=short) == 0
    first, record = metric_rows(out), json.loads((out / "training.json").read_text())
    assert record["grounding"]["evaluations"] == 7
    (out / "training.json").unlink()
    for step in (8, 12):
        for file in (out / f"checkpoint-{step}").iterdir():
            file.unlink()
        (out / f"checkpoint-{step}").rmdir()
    assert run(tmp_path, mix, tiny_model, trainer=short) == 0
    assert [figures(row) for row in metric_rows(out)] == [figures(row) for row in first]
    assert json.loads((out / "training.json").read_text())["grounding"] == record["grounding"]


def figures(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what a machine's speed decides, and without what only the first of two runs logs."""
    return {
        name: value
        for name, value in row.items()
        if name.startswith(("eval_", "loss", "grounding"))
        and (not name.endswith(("runtime", "per_second", "preparation_time")))
    }


def test_a_loss_that_is_no_number_stops_the_run_before_it_spoils_the_model(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix, out = write_mix(human=15, synthetic=8, heldout=3, long=1), tmp_path / "out"
    path = next((mix / "data").glob("train-*"))
    table = pq.read_table(path)
    margins = [float("inf"), *table["margin"].to_pylist()[1:]]  # the first row is the longest, so it comes last
    pq.write_table(table.set_column(table.column_names.index("margin"), "margin", [margins]), path)
    poisoned = {"max_length": 2048, "save_steps": 1, "max_steps": -1, "num_train_epochs": 1}
    poisoned["dataloader_drop_last"] = False
    assert run(tmp_path, mix, tiny_model, trainer=poisoned) == 2
    said = capsys.readouterr().err
    assert "the loss became inf at step 6" in said
    assert str(out / "checkpoint-5") in said
    kept = AutoModelForSequenceClassification.from_pretrained(out / "checkpoint-5")
    assert all(torch.isfinite(weights).all() for weights in kept.parameters())
    assert not (out / "training.json").exists()


def test_a_gradient_that_is_no_number_stops_the_run_before_the_step(
    write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    job, mix = check_config({"model": tiny_model}, RewardJob), read_mix(write_mix(heldout=0))
    tokenizer = load_tokenizer(tiny_model)
    trainer = make_trainer(job, make_arguments("reward", job, mix, tmp_path), tokenizer, tokenise(mix, tokenizer, 128))
    weights = next(trainer.model.parameters())
    weights.grad = torch.ones_like(weights)
    assert trainer._get_grad_norm(trainer.model) == pytest.approx(weights.numel() ** 0.5)
    weights.grad[0] = torch.nan
    with pytest.raises(InputError, match="the gradient's norm became nan at step 1, so training stopped before"):
        trainer._get_grad_norm(trainer.model)


def test_what_grounding_needs_is_told_before_training(
    write_mix: Any,
    tiny_model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firsthand.train.arguments.is_tensorboard_available", lambda: False)
    assert run(tmp_path, write_mix("board"), tiny_model, trainer={"report_to": "tensorboard"}) == 2
    assert "trainer.report_to: TensorBoard is not installed" in capsys.readouterr().err
    assert run(tmp_path, write_mix("none", heldout=0), tiny_model, grounding={"stop": True}) == 2
    assert "make it with anchor: {fraction: 0.2}" in capsys.readouterr().err
    twice = {"grounding": {"keep_best": "human"}, "trainer": {"save_steps": 5, "metric_for_best_model": "loss"}}
    assert run(tmp_path, write_mix(), tiny_model, **twice) == 2
    said = capsys.readouterr().err
    assert "trainer.save_steps: grounding.keep_best saves at every evaluation" in said
    assert "trainer.metric_for_best_model" in said
    assert run(tmp_path, write_mix("more"), tiny_model, grounding={"alpha": 1.5, "stopp": True}) == 2
    said = capsys.readouterr().err
    assert "grounding.alpha" in said
    assert "did you mean 'stop'?" in said
