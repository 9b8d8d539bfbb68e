from pathlib import Path
from typing import Any

import pytest

from firsthand.cli import main
from firsthand.config import check_config, load_config
from firsthand.errors import ConfigError
from firsthand.train.jobs import DPOJob, RewardJob

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.mark.parametrize(("name", "job"), [("reward", RewardJob), ("dpo", DPOJob)])
def test_the_shipped_configurations_load_and_are_headed_by_their_command(name: str, job: Any) -> None:
    path = CONFIGS / f"{name}.yaml"
    assert load_config(path, job).model == "smollm2"
    assert path.read_text().startswith(f"# firsthand train {name} configs/{name}.yaml")


def test_all_problems_are_told_at_once_with_their_paths() -> None:
    content = {
        "model": "x",
        "preest": "fast",
        "lora": {"rr": 8, "r": "many"},
        "trainer": {"learning_rat": 1e-4, "beta": "zero", "output_dir": "x", "max_length": None},
    }
    with pytest.raises(ConfigError) as caught:
        check_config(content, DPOJob)
    problems = dict(caught.value.problems)
    assert set(problems) == {
        "preest",
        "lora.rr",
        "lora.r",
        "trainer.learning_rat",
        "trainer.beta",
        "trainer.output_dir",
        "trainer.max_length",
    }
    assert "did you mean 'learning_rate'?" in problems["trainer.learning_rat"]
    assert "--out" in problems["trainer.output_dir"]


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        ({"label_smoothing": 0.1}, "TRL ignores it for loss_type sigmoid"),
        ({"loss_type": "exo_pair"}, "needs a value above 0"),
        ({"loss_type": "robust", "label_smoothing": 0.6}, "below 0.5"),
        ({"loss_type": "sigmod"}, "did you mean 'sigmoid'?"),
        ({"padding_free": True}, "switches it off"),
    ],
)
def test_the_traps_of_the_dpo_losses_are_refused(trainer: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_config({"model": "x", "trainer": trainer}, DPOJob)


def test_a_number_that_yaml_reads_as_text_is_taken_as_a_number(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("model: x\ntrainer: {learning_rate: 1e-6}\n")
    assert load_config(tmp_path / "job.yaml", DPOJob).trainer == {"learning_rate": 1e-6}


@pytest.mark.parametrize("kind", ["reward", "dpo"])
def test_bad_input_is_one_message_and_exit_status_2(
    kind: str, write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def status(model: str, mix: Path, trainer: str = "{}") -> int:
        (tmp_path / "job.yaml").write_text(f"model: {model}\ntrainer: {trainer}\n")
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        return main(["train", kind, str(tmp_path / "job.yaml"), "--data", str(mix), "--out", str(out)])

    assert status("no-such-org/no-such-model", write_mix()) == 2
    assert "there is no model 'no-such-org/no-such-model'" in capsys.readouterr().err
    assert status(tiny_model, tmp_path / "nowhere") == 2
    assert "is not a mix" in capsys.readouterr().err
    assert status(tiny_model, write_mix("empty", human=0, synthetic=0)) == 2
    assert "no training rows" in capsys.readouterr().err
    assert status(tiny_model, write_mix("short"), "{max_length: 10}") == 2
    assert "fits into 10 tokens" in capsys.readouterr().err
    broken = write_mix("broken")
    next((broken / "data").glob("train-*")).write_bytes(b"PAR1 cut off")
    assert status(tiny_model, broken) == 2
    assert "can't read the train split" in capsys.readouterr().err
