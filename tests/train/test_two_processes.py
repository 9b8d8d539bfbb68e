"""`accelerate launch` with two processes on a processor (gloo), against one process with the same batches."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from accelerate.commands.config.config_args import load_config_from_file

from firsthand.cli import main

ACCELERATE = sorted((Path(__file__).resolve().parents[2] / "configs" / "accelerate").glob("*.yaml"))
CPU = next(path for path in ACCELERATE if path.stem == "cpu")
TRAINER = {
    "bf16": False,  # whose sums depend on how a batch is split
    "num_train_epochs": 2,
    "per_device_train_batch_size": 4,
    "max_length": 128,
    "learning_rate": 1e-3,
    "logging_steps": 1,
    "save_steps": 5,
    "save_total_limit": 9,
    "eval_steps": 8,
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "goes_on"), [("reward", "one"), ("dpo", "two")])
def test_two_processes_train_what_one_does_and_are_continued_in_a_later_epoch(
    write_mix: Any, tiny_model: str, tmp_path: Path, kind: str, goes_on: str
) -> None:
    mix = write_mix(
        human=19, synthetic=13, heldout=7, weights=(1.0, 0.4)
    )  # 7 held-out rows: the last batch of two processes is uneven
    config, two, one = tmp_path / "job.yaml", tmp_path / "two", tmp_path / "one"
    config.write_text(
        yaml.safe_dump({"model": tiny_model, "preset": "fast", "weights": True, "global_batch": 4, "trainer": TRAINER})
    )
    job = [kind, str(config), "--data", str(mix), "--out"]
    told = by_two([*job, str(two)])
    assert told.count("held-out pairs") == 2, "told by one process alone"
    assert json.loads((two / "training.json").read_text())["processes"] == 2
    assert main(["train", *job, str(one)]) == 0
    both, alone = history(two), history(one)
    assert both["steps"] == alone["steps"] == list(range(1, 17))
    assert both["losses"] == pytest.approx(alone["losses"], abs=1e-4)
    assert both["measured"] == pytest.approx(alone["measured"], abs=1e-3)
    (two / "training.json").unlink()
    for step in (15, 16):
        shutil.rmtree(two / f"checkpoint-{step}")
    if goes_on == "one":
        assert main(["train", *job, str(two)]) == 0
    else:
        by_two([*job, str(two)])
    resumed = history(two)
    assert resumed["losses"] == pytest.approx(alone["losses"], abs=1e-4)
    assert resumed["measured"] == pytest.approx(alone["measured"], abs=1e-3)


def by_two(job: list[str]) -> str:
    """What two processes told on standard output."""
    launch = ["-m", "accelerate.commands.launch", "--config_file", str(CPU), "--main_process_port", "0"]
    done = subprocess.run(
        [sys.executable, *launch, "-m", "firsthand.train", *job], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def history(out: Path) -> dict[str, Any]:
    """Steps and losses in order, and every held-out figure of every evaluation but the loss."""
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    logged = [row for row in rows if "loss" in row]
    measured = {
        f"{row['step']} {name}": value
        for row in rows
        for name, value in row.items()
        # transformers fills up an uneven last batch with rows it has seen, and its mean loss counts those too.
        if name.startswith("eval_") and not name.endswith(("_loss", "runtime", "per_second", "preparation_time"))
    }
    assert measured
    return {"steps": [row["step"] for row in logged], "losses": [row["loss"] for row in logged], "measured": measured}


@pytest.mark.parametrize("path", ACCELERATE, ids=lambda path: path.stem)
def test_a_shipped_accelerate_configuration_loads_and_opens_with_its_command(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith(f"# accelerate launch --config_file configs/accelerate/{path.name} -m firsthand.train ")
    loaded = load_config_from_file(str(path))
    kinds = {"cpu": "MULTI_GPU", "ddp": "MULTI_GPU", "fsdp": "FSDP", "deepspeed": "DEEPSPEED"}
    assert loaded.distributed_type == kinds[path.stem]
    assert loaded.num_processes == (2 if path == CPU else 8)
    assert loaded.use_cpu == (path == CPU)


def test_zero_stage_3_is_refused_before_a_model_is_loaded(
    write_mix: Any,
    tiny_model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("firsthand.train.run.is_deepspeed_zero3_enabled", lambda: True)
    (tmp_path / "job.yaml").write_text(yaml.safe_dump({"model": tiny_model}))
    job = ["reward", str(tmp_path / "job.yaml"), "--data", str(write_mix()), "--out", str(tmp_path / "out")]
    assert main(["train", *job]) == 2
    assert "configs/accelerate/fsdp.yaml" in capsys.readouterr().err
