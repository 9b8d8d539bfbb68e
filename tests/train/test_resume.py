import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from firsthand.cli import main
from firsthand.errors import InputError
from firsthand.train.folder import claim, last_checkpoint, write_json


def test_a_killed_run_resumes_and_completes(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL as soon as a checkpoint is there; the rerun goes on from it and ends after the same number of steps."""
    mix, out, config = write_mix(), tmp_path / "out", tmp_path / "job.yaml"
    trainer = {"max_steps": 30, "save_steps": 2, "per_device_train_batch_size": 2, "max_length": 128, "eval_steps": 15}
    config.write_text(yaml.safe_dump({"model": tiny_model, "preset": "fast", "trainer": trainer}))
    command = ["train", "reward", str(config), "--data", str(mix), "--out", str(out)]
    first = subprocess.Popen(
        [sys.executable, "-m", "firsthand", *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    while first.poll() is None and last_checkpoint_of(out) is None:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL, "the run was over before it could be killed"
    assert not (out / "training.json").exists()
    assert main(command) == 0
    assert "resuming from" in capsys.readouterr().err
    record = json.loads((out / "training.json").read_text())
    assert record["steps"] == 30
    history = json.loads((out / "metrics.json").read_text())["history"]
    assert max(entry["step"] for entry in history) == 30


def test_a_run_goes_on_in_the_epoch_and_order_it_was_killed_in(write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    """Three runs of one DPO job: one reads the reference that another stored, one stops in its second epoch."""
    mix, config = write_mix(human=20, synthetic=12), tmp_path / "job.yaml"
    trainer = {"num_train_epochs": 2, "save_steps": 5, "logging_steps": 1, "per_device_train_batch_size": 4}
    trainer |= {"max_length": 128, "eval_strategy": "no", "save_total_limit": 9, "bf16": False, "learning_rate": 1e-3}
    config.write_text(yaml.safe_dump({"model": tiny_model, "preset": "fast", "trainer": trainer}))
    command = ["train", "dpo", str(config), "--data", str(mix), "--out"]
    whole, again = tmp_path / "whole", tmp_path / "again"
    for out in (whole, again):
        assert main([*command, str(out)]) == 0
    assert len(losses(whole)) == 16
    assert losses(again) == pytest.approx(losses(whole), abs=1e-5)
    (again / "training.json").unlink()
    for step in (15, 16):
        shutil.rmtree(again / f"checkpoint-{step}")
    assert main([*command, str(again)]) == 0
    assert losses(again) == pytest.approx(losses(whole), abs=1e-5)


def losses(out: Path) -> list[float]:
    """The training loss of each step."""
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [row["loss"] for row in rows if "loss" in row]


@pytest.mark.parametrize(("left", "wrote"), [("pytorch_model_fsdp.bin", "FSDP"), ("global_step4", "DeepSpeed")])
def test_a_checkpoint_whose_optimiser_this_run_cannot_read_is_refused(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], left: str, wrote: str
) -> None:
    out, config = tmp_path / "out", tmp_path / "job.yaml"
    trainer = {"max_steps": 4, "save_steps": 2, "per_device_train_batch_size": 2, "max_length": 128}
    config.write_text(yaml.safe_dump({"model": tiny_model, "trainer": trainer}))
    command = ["train", "reward", str(config), "--data", str(write_mix()), "--out", str(out)]
    assert main(command) == 0
    (out / "training.json").unlink()
    (out / "checkpoint-4" / left).write_bytes(b"")
    assert main(command) == 2
    assert f"checkpoint-4 was saved by {wrote}, and this run (one process or DDP) can't" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def last_checkpoint_of(out: Path) -> Path | None:
    """A whole checkpoint in `out`, looked at without touching it."""
    return next((path.parent for path in out.glob("checkpoint-*/trainer_state.json") if path.stat().st_size), None)


def test_a_checkpoint_cut_off_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    for step, state in ((2, '{"global_step": 2}'), (10, '{"global_step": 10}'), (12, '{"global_st'), (14, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-2"]


def test_no_checkpoint_means_a_start_from_the_beginning(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None


def test_a_folder_with_other_peoples_files_is_refused_even_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="no training run wrote"):
            claim(tmp_path, {"kind": "dpo"}, overwrite)
    assert (tmp_path / "thesis.txt").exists()


def test_a_claim_cut_off_while_writing_is_taken_again(tmp_path: Path) -> None:
    (tmp_path / ".run.json.partial").write_text('{"kin')
    assert claim(tmp_path, {"kind": "dpo"}) is None
    assert json.loads((tmp_path / "run.json").read_text()) == {"kind": "dpo"}


def test_a_run_that_never_began_leaves_its_folder_to_another(tmp_path: Path) -> None:
    claim(tmp_path, {"kind": "dpo", "model": "mistyped"})
    assert claim(tmp_path, {"kind": "dpo", "model": "right"}) is None
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(InputError, match="model: was 'right', is 'other'"):
        claim(tmp_path, {"kind": "dpo", "model": "other"})


def test_a_finished_folder_gives_its_record_back(tmp_path: Path) -> None:
    claim(tmp_path, {"kind": "dpo"})
    write_json(tmp_path / "training.json", {"steps": 3})
    assert claim(tmp_path, {"kind": "dpo"}) == {"steps": 3}
