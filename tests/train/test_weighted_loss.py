"""Weights, probabilities and margins: the formulas by hand, and both trainers against TRL's own loss."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from firsthand.cli import main
from firsthand.config import check_config
from firsthand.errors import ConfigError, InputError
from firsthand.models import load_tokenizer
from firsthand.train import tested_trl
from firsthand.train.arguments import LOSSES
from firsthand.train.dpo_losses import MARGINS, ROW_LOSSES, SOFT
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.pairs import read_mix, tokenise
from firsthand.train.run import kind_of, make_arguments, make_trainer
from firsthand.train.weighted_loss import RowLabels, logistic, reward_losses, soft, weighted_mean

LORA = {"r": 4, "target_modules": "all-linear"}
Step = tuple[float, dict[str, torch.Tensor]]


def test_the_reward_loss_by_hand() -> None:
    # gap - m = 2 - 0.5 - 0.3 = 1.2; log(1 + e^-1.2) = 0.26328, log(1 + e^1.2) = 1.46328;
    # 0.8 * 0.26328 + 0.2 * 1.46328 + 0.01 * (2 + 0.5)^2 = 0.21062 + 0.29266 + 0.0625 = 0.56578
    labels = RowLabels(torch.tensor([3.0]), torch.tensor([0.8]), torch.tensor([0.3]))
    losses = reward_losses(torch.tensor([2.0]), torch.tensor([0.5]), labels, 0.01)
    assert losses.tolist() == pytest.approx([0.56578], abs=1e-5)


def test_the_weighted_mean_by_hand() -> None:
    # weights 3 and 1 have mean 2: (1.5 * 0.4 + 0.5 * 0.8) / 2 = 0.5 = (3 * 0.4 + 1 * 0.8) / 4
    weights = torch.tensor([3.0, 1.0])
    assert weighted_mean(torch.tensor([0.4, 0.8]), weights / weights.mean()).item() == pytest.approx(0.5)


def test_the_soft_loss_is_least_where_the_model_believes_what_the_label_says() -> None:
    gap = torch.tensor(math.log(0.8 / 0.2), requires_grad=True)
    soft(logistic, gap, torch.tensor(0.8)).backward()
    assert gap.grad is not None
    assert abs(gap.grad.item()) < 1e-7


@pytest.fixture
def trainer_of(write_mix: Any, tiny_model: str, tmp_path: Path, float32: None) -> Callable[..., Any]:
    """A trainer of three pairs or more, with an adapter that is not zero."""

    def make(kind: Any, **job: Any) -> Any:
        config = check_config({"model": tiny_model, "lora": LORA, **job}, kind)
        mix = read_mix(write_mix(f"mix{len(list(tmp_path.iterdir()))}", human=6, synthetic=4, heldout=0))
        pairs = tokenise(mix, load_tokenizer(tiny_model), 128)
        arguments = make_arguments(kind_of(config), config, mix, tmp_path / "out")
        trainer = make_trainer(config, arguments, load_tokenizer(tiny_model), pairs)
        torch.manual_seed(1)
        for name, weights in trainer.model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.1)
        trainer.model.train()
        return trainer

    return make


def step(trainer: Any, rows: list[dict[str, Any]]) -> Step:
    """The loss of one batch, and its gradients."""
    trainer.model.zero_grad()
    loss = trainer.compute_loss(trainer.model, trainer.data_collator(rows))
    loss.backward()
    return loss.item(), {n: w.grad.clone() for n, w in trainer.model.named_parameters() if w.grad is not None}


def assert_same(one: Step, other: Step, rel: float) -> None:
    assert one[0] == pytest.approx(other[0], rel=rel)
    assert one[1].keys() == other[1].keys()
    for name, gradient in other[1].items():
        torch.testing.assert_close(one[1][name], gradient, rtol=rel, atol=rel * float(gradient.abs().max()))


def rows_of(trainer: Any, **labels: list[float]) -> list[dict[str, Any]]:
    """Three pairs with these labels and no others."""
    names = ("weight", "p_chosen", "margin")
    plain = [{k: v for k, v in trainer.train_dataset[at].items() if k not in names} for at in (0, 3, 7)]
    return [row | {name: values[at] for name, values in labels.items()} for at, row in enumerate(plain)]


NEUTRAL = {"weight": [1.0] * 3, "p_chosen": [1.0] * 3, "margin": [0.0] * 3}


@pytest.mark.parametrize("preset", ["none", "fast"])
def test_neutral_labels_give_trls_reward_loss_and_gradients(preset: str, trainer_of: Callable[..., Any]) -> None:
    trainer = trainer_of(RewardJob, preset=preset, trainer={"center_rewards_coefficient": 0.01})
    assert_same(step(trainer, rows_of(trainer, **NEUTRAL)), step(trainer, rows_of(trainer)), 1e-6)
    margins = {"margin": [0.5, 0.0, 1.0]}
    assert_same(step(trainer, rows_of(trainer, **NEUTRAL | margins)), step(trainer, rows_of(trainer, **margins)), 1e-6)


@pytest.mark.parametrize(("preset", "names"), [("none", ["sigmoid"]), ("fast", sorted(ROW_LOSSES))])
def test_neutral_labels_give_trls_dpo_losses_and_gradients(
    preset: str, names: list[str], trainer_of: Callable[..., Any]
) -> None:
    trainer = trainer_of(DPOJob, preset=preset, trainer={"ld_alpha": 0.5})
    for name in names:
        trainer.loss_types, trainer.label_smoothing = [name], 0.1
        assert_same(step(trainer, rows_of(trainer, **NEUTRAL)), step(trainer, rows_of(trainer)), 1e-6)
    trainer.loss_types, trainer.loss_weights = ["sigmoid", "sft"], [1.0, 0.3]
    assert_same(step(trainer, rows_of(trainer, **NEUTRAL)), step(trainer, rows_of(trainer)), 1e-6)


@pytest.mark.parametrize("kind", [RewardJob, DPOJob])
def test_a_row_of_weight_2_counts_as_that_row_twice(kind: Any, trainer_of: Callable[..., Any]) -> None:
    trainer = trainer_of(kind, preset="fast")
    losses = [["sigmoid"], ["ipo", "sft"]] if kind is DPOJob else [[]]
    labels = {"p_chosen": [0.6, 0.9, 1.0], "margin": [0.3, 0.0, 0.7]}
    for names in losses:
        trainer.loss_types, trainer.loss_weights = names, [1.0] * len(names)
        weighted = step(trainer, rows_of(trainer, weight=[2 / (4 / 3), 1 / (4 / 3), 1 / (4 / 3)], **labels))
        rows = rows_of(trainer, weight=[1.0] * 3, **labels)
        assert_same(weighted, step(trainer, [rows[0], *rows]), 2e-5)


def test_dpo_asks_for_the_margin_and_believes_the_probability(trainer_of: Callable[..., Any]) -> None:
    trainer = trainer_of(DPOJob, preset="fast")
    rows = rows_of(trainer)
    inputs = trainer.data_collator(rows)
    _, rewards, _ = trainer.prediction_step(trainer.model, inputs)
    gaps = (rewards[:, 0] - rewards[:, 1]).tolist()
    p, m, w = [0.6, 0.9, 1.0], [0.3, 0.0, 0.7], [0.5, 1.5, 1.0]
    expected = [
        weight * (prob * math.log1p(math.exp(margin - gap)) + (1 - prob) * math.log1p(math.exp(gap - margin)))
        for gap, prob, margin, weight in zip(gaps, p, m, w, strict=True)
    ]
    loss, _ = step(trainer, rows_of(trainer, weight=w, p_chosen=p, margin=m))
    assert loss == pytest.approx(sum(expected) / 3, rel=1e-5)


def test_every_label_reaches_its_losses_and_no_others() -> None:
    assert LOSSES - ROW_LOSSES.keys() == {"aot", "aot_unpaired"}
    for name in sorted(LOSSES - {"exo_pair"}):
        for key, able in (("weights", ROW_LOSSES), ("soft_labels", SOFT), ("margins", MARGINS)):
            content = {"model": "x", key: True, "trainer": {"loss_type": name}}
            if name in able:
                assert check_config(content, DPOJob).labels
            else:
                with pytest.raises(ConfigError, match=f"{key}: not with loss_type {name}: it "):
                    check_config(content, DPOJob)


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        ({"use_weighting": True}, "weights: not with use_weighting"),
        ({"f_divergence_type": "forward_kl"}, "weights: defined for f_divergence_type reverse_kl only"),
        ({"loss_type": ["sigmoid", "sft"]}, "1 problem\n  soft_labels: not with loss_type sft"),
    ],
)
def test_what_labels_can_not_be_combined_with_is_refused(trainer: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_config({"model": "x", "weights": True, "soft_labels": True, "trainer": trainer}, DPOJob)


def run(tmp_path: Path, kind: str, mix: Path, model: str, keys: str) -> int:
    config = tmp_path / "job.yaml"
    trainer = "{max_steps: 2, per_device_train_batch_size: 4, max_length: 128, learning_rate: 1.0e-2}"
    config.write_text(f"model: {model}\ntrainer: {trainer}\n{keys}")
    return main(["train", kind, str(config), "--data", str(mix), "--out", str(tmp_path / kind), "--overwrite"])


def test_a_whole_run_weighs_what_the_mix_weighs_and_says_so(
    write_mix: Any, tiny_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix = write_mix(weights=(1.0, 0.5))
    assert run(tmp_path, "dpo", mix, tiny_model, "weights: true\nsoft_labels: true\nmargins: true\n") == 0
    assert "the mix weighs its rows" not in capsys.readouterr().err
    assert json.loads((tmp_path / "dpo" / "training.json").read_text())["labels"] == ["weight", "p_chosen", "margin"]
    assert "response: weight, p_chosen, margin" in (tmp_path / "dpo" / "README.md").read_text()
    assert run(tmp_path, "reward", mix, tiny_model, "preset: fast\nmargins: false\n") == 0
    assert "the mix weighs its rows, but this job counts each the same; weights: true" in capsys.readouterr().err
    assert json.loads((tmp_path / "reward" / "training.json").read_text())["labels"] == []


@pytest.mark.parametrize(("weight", "shown"), [(0.0, "0.0"), (-1.0, "-1.0"), (math.nan, "nan"), (math.inf, "inf")])
def test_a_weight_that_is_none_is_refused(weight: float, shown: str, write_mix: Any, tiny_model: str) -> None:
    pairs = tokenise(read_mix(write_mix(weights=(1.0, weight))), load_tokenizer(tiny_model), 128)
    with pytest.raises(InputError, match=f"10 rows of the train split have a weight .* such as {shown}; mix again"):
        pairs.with_labels(["weight"])


def test_the_weights_of_each_split_have_mean_1(write_mix: Any, tiny_model: str) -> None:
    pairs = tokenise(read_mix(write_mix(weights=(3.0, 1.0))), load_tokenizer(tiny_model), 128).with_labels(["weight"])
    assert sorted(set(pairs.train["weight"])) == [0.5, 1.5]
    assert set(pairs.heldout["human"]["weight"]) == {1.0}
    assert not {"margin", "p_chosen"} & set(pairs.train.column_names)


def test_another_trl_is_refused_with_both_versions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tested_trl, "version", lambda _: "1.17.2")
    assert run(tmp_path, "dpo", tmp_path, "x", "") == 2
    assert "TRL 1.17.2 is installed; the trainers override internals of TRL and were tested with 1.16 only" in (
        capsys.readouterr().err
    )
