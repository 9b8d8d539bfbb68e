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
TRAINER = {
    "num_train_epochs": 1,
    "per_device_train_batch_size": 4,
    "max_length": 128,
    "learning_rate": 1e-3,
    "logging_steps": 1,
    "save_steps": 2,
    "save_total_limit": 9,
    "eval_steps": 4,
}


@pytest.mark.slow
def test_two_processes_train_what_one_does_and_one_goes_on_where_two_stopped(
    write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    mix = write_mix(
        human=19, synthetic=13, heldout=7, weights=(1.0, 0.4)
    )  # 7 held-out rows: the last batch of two processes is uneven
    config, two, one = tmp_path / "job.yaml", tmp_path / "two", tmp_path / "one"
    config.write_text(
        yaml.safe_dump({"model": tiny_model, "preset": "fast", "weights": True, "global_batch": 4, "trainer": TRAINER})
    )
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--main_process_port", "0"]
    job = ["reward", str(config), "--data", str(mix), "--out"]
    done = subprocess.run(
        [sys.executable, *launch, "-m", "firsthand.train", *job, str(two)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("held-out pairs") == 2, "told by one process alone"
    assert main(["train", *job, str(one)]) == 0
    both, alone = history(two), history(one)
    assert both["steps"] == alone["steps"] == list(range(1, 9))
    assert both["losses"] == pytest.approx(alone["losses"], abs=1e-4)
    assert both["measured"] == pytest.approx(alone["measured"], abs=1e-3)
    (two / "training.json").unlink()
    for step in (6, 8):
        shutil.rmtree(two / f"checkpoint-{step}")
    assert main(["train", *job, str(two)]) == 0
    resumed = history(two)
    assert resumed["losses"] == pytest.approx(alone["losses"], abs=1e-4)
    assert resumed["measured"] == pytest.approx(alone["measured"], abs=1e-3)


def history(out: Path) -> dict[str, Any]:
    """Steps and losses in order, and every held-out figure of every evaluation."""
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    logged = [row for row in rows if "loss" in row]
    measured = {
        f"{row['step']} {name}": value
        for row in rows
        for name, value in row.items()
        if name.startswith("eval_") and not name.endswith(("runtime", "per_second", "preparation_time"))
    }
    assert measured
    return {"steps": [row["step"] for row in logged], "losses": [row["loss"] for row in logged], "measured": measured}


@pytest.mark.parametrize("path", ACCELERATE, ids=lambda path: path.stem)
def test_a_shipped_accelerate_configuration_loads_and_opens_with_its_command(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith(f"# accelerate launch --config_file configs/accelerate/{path.name} -m firsthand.train ")
    loaded = load_config_from_file(str(path))
    kinds = {"ddp": "MULTI_GPU", "fsdp": "FSDP", "deepspeed": "DEEPSPEED"}
    assert loaded.distributed_type == kinds[path.stem]
    assert loaded.num_processes == 8
